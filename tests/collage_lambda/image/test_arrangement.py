from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collage_lambda.image.arrangement import arrange
from stream_ingest.contracts.settings import CollageLayout

FIT = CollageLayout(fit_rows=True)
PACK = CollageLayout(pack=True)
BOTH = CollageLayout(fit_rows=True, pack=True)

images = st.integers(1, 35)


@pytest.mark.parametrize(
    ("count", "size"), [(35, (1400, 1000)), (20, (1400, 600)), (10, (1400, 400)), (1, (1400, 200))]
)
def test_a_fitted_collage_has_the_rows_that_its_images_need(
    count: int, size: tuple[int, int]
) -> None:
    assert arrange(FIT, count, range(count)).size_px == size
    assert arrange(CollageLayout(), count, range(count)).size_px == (1400, 1000)


def test_rows_whose_images_all_failed_are_cut_off_at_the_bottom_only() -> None:
    found = arrange(FIT, 20, [0, 8])  # the second row has an image, the third has none
    assert found.size_px == (1400, 400)
    assert found.position(8) == (1, 1)
    assert found.position(7) == (1, 0)  # failed: its cell is empty
    assert found.position(14) == (None, None)  # failed: its row is not there
    assert arrange(FIT, 20, [15]).size_px == (1400, 600)


def test_packed_images_move_up_in_their_order_and_failed_ones_have_no_cell() -> None:
    found = arrange(PACK, 5, [1, 3, 4])
    assert [found.position(image) for image in range(5)] == [
        (None, None),
        (0, 0),
        (None, None),
        (0, 1),
        (0, 2),
    ]
    assert found.size_px == (1400, 1000)


def test_packed_and_fitted_the_height_follows_from_the_images_shown() -> None:
    assert arrange(BOTH, 35, range(35)).size_px == (1400, 1000)
    assert arrange(BOTH, 35, range(14, 35)).size_px == (1400, 600)
    assert arrange(BOTH, 35, [34]).size_px == (1400, 200)


@pytest.mark.parametrize("layout", [FIT, PACK, BOTH])
def test_a_window_without_any_image_keeps_all_its_cells(layout: CollageLayout) -> None:
    found = arrange(layout, 9, [])
    assert found.size_px == (1400, 1000)
    assert found.position(8) == (1, 1)


@given(images.flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1)))))
def test_every_shown_image_has_a_cell_of_its_own_inside_the_picture(
    window: tuple[int, set[int]],
) -> None:
    count, shown = window
    for layout in (CollageLayout(), FIT, PACK, BOTH):
        found = arrange(layout, count, shown)
        cells = [found.cells[image] for image in sorted(shown)]
        assert cells == sorted(set(cells))
        assert all(cell < found.rows * layout.cols for cell in found.cells.values())
        assert 1 <= found.rows <= layout.rows
        if layout.pack and shown:
            assert cells == list(range(len(shown)))
        if layout.fit_rows and shown:
            assert max(cells) // layout.cols == found.rows - 1


def test_the_width_stays_whatever_the_images() -> None:
    layout = msgspec.structs.replace(BOTH, cols=40, rows=2, cell_px=16)
    assert arrange(layout, 3, [0]).size_px == (640, 16)
