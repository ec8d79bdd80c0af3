"""The arithmetic of the expected results, on rows that can be counted by hand."""

from __future__ import annotations

from ops_dashboard.local.samples.cover_model import Behaviour, Cover
from ops_dashboard.local.samples.expected import expected_batch


def a_cover(creator: int, number: int, behaviour: Behaviour = Behaviour.JPEG) -> Cover:
    return Cover(
        object_id=f"{creator:016x}{number:016x}",
        creator_index=creator,
        caption="x",
        number=number,
        behaviour=behaviour,
    )


def test_every_row_is_either_accepted_or_refused() -> None:
    found = expected_batch([("ann", a_cover(0, 1)), ("ann", "bad_json"), ("bob", "expired")])
    assert found.summary() == {
        "rows_read": 3,
        "rows_accepted": 1,
        "refused": {"bad_json": 1, "expired": 1},
        "windows": 1,
        "collages": 1,
        "images_ok": 1,
        "images_failed": 0,
    }


def test_windows_have_35_cells_in_order_and_the_last_has_the_rest() -> None:
    found = expected_batch([("ann", a_cover(0, number)) for number in range(1, 77)])
    windows = found.windows_of("ann")
    assert [len(window.cells) for window in windows] == [35, 35, 6]
    assert [window.ordinal for window in windows] == [1, 2, 3]
    numbers = [cell.number for window in windows for cell in window.cells]
    assert numbers == list(range(1, 77))


def test_a_full_window_is_not_followed_by_an_empty_one() -> None:
    found = expected_batch([("ann", a_cover(0, number)) for number in range(35)])
    assert len(found.windows()) == 1


def test_a_window_without_any_image_has_no_collage() -> None:
    rows = [("ann", a_cover(0, number, Behaviour.NOT_FOUND)) for number in (1, 2)]
    found = expected_batch([*rows, ("bob", a_cover(1, 1)), ("bob", a_cover(1, 2, Behaviour.HTML))])
    assert (found.summary()["windows"], found.summary()["collages"]) == (2, 1)
    assert found.images_failed == {"ann": 2, "bob": 1}


def test_an_unknown_creator_has_no_windows() -> None:
    assert expected_batch([]).windows_of("nobody") == ()
