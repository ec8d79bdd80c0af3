from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest

from stream_ingest.contracts.table import WindowStatus
from stream_ingest.contracts.timestamps import from_epoch_s
from tests.fakes.ingest.aws import OUTPUT
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.table import OpsTable
from tests.ops_dashboard.console.running import RunningConsole
from tests.ops_dashboard.console.windows import metadata_of

BATCH = header("batch-a", images=2)
KEYS = {
    "collage_key": "collages/2026/11/21/csv-push/ann_collage_000001.jpg",
    "thumbnail_key": "thumbnails/2026/11/21/csv-push/ann_collage_000001.jpg",
    "metadata_key": "metadata/2026/11/21/csv-push/ann_collage_000001.json",
}


@pytest.fixture
def built(ops_table: OpsTable) -> None:
    """Ann's first window has a collage, her second failed, the third waits."""
    ops_table.fold("ann", range(1, 7), BATCH)
    ops_table.end("ann:000001", "partial", images_ok=1, images_failed=1, **KEYS)
    ops_table.end("ann:000002", "failed", error="no image could be downloaded")


@pytest.mark.usefixtures("built")
def test_windows_are_listed_newest_first_and_by_status_creator_and_batch(
    console: RunningConsole,
) -> None:
    def ids(query: str) -> list[str]:
        return [each["window_id"] for each in console.get(f"/api/windows{query}").json["windows"]]

    assert ids("") == ["ann:000003", "ann:000002", "ann:000001"]
    assert ids("?status=failed") == ["ann:000002"]
    assert ids("?creator=ann&status=partial") == ["ann:000001"]
    assert ids("?batch=none") == []
    assert console.get("/api/windows?status=lost").status == 400


def test_every_list_of_windows_is_newest_first_whatever_creator_and_status(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    """The gallery, one status of it (the failures page), a batch, and a creator's history."""
    batch, closed = header("batch-a", images=1), []
    creators, statuses = ("zoe", "ann", "mia"), list(WindowStatus)
    for number in range(60):
        creator = creators[number % 3]
        ops_table.fold(creator, [number], batch, NOW_S + 7 * number)
        closed.append(f"{creator}:{number // 3 + 1:06d}")
        ops_table.end(closed[-1], statuses[number * 5 % 6])
    newest = closed[::-1]

    def ids(path: str, key: str | None = None) -> list[str]:
        found = console.get(path).json
        return [each["window_id"] for each in (found[key] if key else found)["windows"]]

    first = console.get("/api/windows").json
    shown = [each["window_id"] for each in first["windows"]]
    assert shown == newest[:48]
    for window in newest:
        ops_table.end(window, "completed")
    assert ids(f"/api/windows?after={first['next']}") == newest[48:]
    assert ids("/api/windows?batch=batch-a") == newest[:48]
    for window in newest[5:25]:
        ops_table.end(window, "failed")
    assert ids("/api/windows?status=failed") == newest[5:25]
    assert ids("/api/creator?name=mia", "history") == [w for w in newest if w.startswith("mia")]


@pytest.mark.usefixtures("built")
def test_a_window_lists_the_image_of_each_cell(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    ops_table.aws.s3.put_object(
        Bucket=OUTPUT, Key=KEYS["metadata_key"], Body=metadata_of("ann:000001")
    )
    found = console.get("/api/windows/ann:000001").json
    ok, failed = found["metadata"]["cells"]
    assert (ok["identity"], ok["sha256"]) == ("tos/a", "ab" * 32)
    assert (failed["reason"], failed["passing"]) == ("not_found", False)


@pytest.mark.usefixtures("built")
def test_a_window_names_the_file_of_its_batch(console: RunningConsole, ops_table: OpsTable) -> None:
    assert console.get("/api/windows/ann:000003").json["source"] is None
    ops_table.aws.registry.register(BATCH, "/data/covers.csv")
    assert console.get("/api/windows/ann:000003").json["source"] == "/data/covers.csv"


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("window", ["ann:000001", "ann:000002", "ann:000003"])
def test_a_window_without_metadata_is_shown_too(console: RunningConsole, window: str) -> None:
    """The bucket's lifecycle has deleted its document, or it was never built."""
    found = console.get(f"/api/windows/{window}").json
    assert found["window"]["window_id"] == window
    assert found["metadata"] is None


@pytest.mark.usefixtures("built")
def test_metadata_that_cannot_be_decoded_is_an_error_with_its_key(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    ops_table.aws.s3.put_object(Bucket=OUTPUT, Key=KEYS["metadata_key"], Body=b"{}")
    answer = console.get("/api/windows/ann:000001")
    assert answer.status == 422
    assert KEYS["metadata_key"] in answer.json["error"]


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize("kind", ["thumbnail", "collage", "download"])
def test_an_image_redirects_to_a_presigned_url_that_expires_soon(
    console: RunningConsole, kind: str
) -> None:
    answer = console.get(f"/media/{kind}/ann:000001")
    assert answer.status == 302
    link = urlsplit(answer.headers["Location"])
    query = parse_qs(link.query)
    folder = "thumbnails" if kind == "thumbnail" else "collages"
    assert link.path.endswith(f"{folder}/2026/11/21/csv-push/ann_collage_000001.jpg")
    assert int(query["X-Amz-Expires"][0]) == 300
    assert int(answer.headers["Cache-Control"].rpartition("=")[2]) < 300
    saved = 'attachment; filename="ann_collage_000001.jpg"'
    assert query.get("response-content-disposition") == ([saved] if kind == "download" else None)


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    "path",
    [
        "/api/windows/ben:000001",
        "/api/windows/ann:1",
        "/api/windows/%00",
        "/media/collage/ann:000003",
        "/media/collage/nobody:000001",
        "/media/other/ann:000001",
        "/media/collage/" + quote("../secret", safe=""),
    ],
)
def test_what_is_not_there_is_not_found(console: RunningConsole, path: str) -> None:
    assert console.get(path).status == 404


def test_the_window_of_a_hostile_creator_is_found_by_its_id(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    ops_table.fold("<b>/..", [1, 2], BATCH)
    window = "=3Cb=3E=2F..:000001"
    found = console.get(f"/api/windows/{quote(window, safe='')}").json
    assert found["window"]["creator"] == "<b>/.."


@pytest.mark.usefixtures("built")
def test_windows_are_listed_by_a_part_of_the_creators_name_a_reason_and_a_range(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    ops_table.fold("maryann", [1, 2], BATCH, NOW_S + 3_600)
    ops_table.end("maryann:000001", "failed", failures={"timeout": 2})

    def ids(query: str) -> list[str]:
        return [each["window_id"] for each in console.get(f"/api/windows?{query}").json["windows"]]

    assert ids("creator=RYA") == ["maryann:000001"]
    assert len(ids("creator=ann")) == 3
    assert ids("reason=timeout") == ["maryann:000001"]
    assert ids("kind=passing&batch=batch-a") == ["maryann:000001", "ann:000002"]
    later = quote(from_epoch_s(NOW_S + 3_600).isoformat())
    assert ids(f"from={later}") == ids(f"newer={later}&batch=batch-a") == ["maryann:000001"]
    assert len(ids(f"to={later}")) == 3
    for wrong in ("reason=bad", "kind=bad", "from=2026-13-01"):
        assert console.get(f"/api/windows?{wrong}").status == 400


@pytest.mark.usefixtures("built")
def test_states_and_empty_cells_are_those_of_the_named_windows(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    ops_table.aws.s3.put_object(
        Bucket=OUTPUT, Key=KEYS["metadata_key"], Body=metadata_of("ann:000001")
    )
    wanted = {"ids": ["ann:000002", "gone:000001", "ann:000001"]}
    found = console.post("/api/windows/states", wanted).json["windows"]
    assert [each["status"] for each in found] == ["failed", "partial"]
    cells = console.post("/api/windows/empty-cells", wanted).json["windows"]
    assert cells == {"ann:000001": {"rows": 1, "cols": 2, "empty": [1]}}
    assert console.post("/api/windows/states", {"ids": ["no id"]}).status == 400
