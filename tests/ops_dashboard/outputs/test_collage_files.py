from __future__ import annotations

from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.outputs.collage_files import collage_files


def window(key: str | None) -> WindowRecord:
    return WindowRecord(
        window_id="ann:000001",
        creator="ann",
        batch_id="b",
        status="completed",
        closed_at="2026-11-21T11:00:00Z",
        image_count=3,
        collage_key=key,
    )


def test_files_have_the_last_part_of_their_keys_and_names_of_their_own() -> None:
    keys = ("collages/a/x.jpg", None, "collages/b/x.jpg", "collages/b/y.jpg")
    names = [each.name for each in collage_files(map(window, keys))]
    assert names[0] == "x.jpg"
    assert names[2] == "y.jpg"
    assert names[1].startswith("x-")
    assert names[1].endswith(".jpg")
    assert [each.name for each in collage_files(map(window, keys))] == names
