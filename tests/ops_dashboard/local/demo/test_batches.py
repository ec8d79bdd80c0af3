"""The demo's three batches must be independent, and the controlled one must differ from all."""

from __future__ import annotations

import pytest

from ops_dashboard.local.demo.batches import DemoBatches
from ops_dashboard.local.samples.cover_swatch import CREATORS as MAX_CREATORS
from ops_dashboard.local.samples.creators import CONTROLLED_CREATORS, CREATORS, DROPPED_CREATORS
from stream_ingest.contracts.naming import is_creator_name
from stream_ingest.contracts.settings import CollageLayout
from tests.ops_dashboard.local.demo.fixtures import plan

EVERY_CREATOR = [*CREATORS, *DROPPED_CREATORS, *CONTROLLED_CREATORS]


@pytest.fixture(scope="module")
def batches() -> DemoBatches:
    return plan()


def test_no_two_creators_share_a_name_or_a_colour_code() -> None:
    assert len({creator.name.casefold() for creator in EVERY_CREATOR}) == len(EVERY_CREATOR)
    assert [creator.index for creator in EVERY_CREATOR] == list(range(len(EVERY_CREATOR)))
    assert len(EVERY_CREATOR) <= MAX_CREATORS
    assert all(is_creator_name(creator.name) for creator in EVERY_CREATOR)


def test_no_two_batches_share_a_cover(batches: DemoBatches) -> None:
    covers = [cover.object_id for batch in batches for cover in batch.sample.covers]
    assert len(set(covers)) == len(covers)


def test_planning_again_returns_the_same_batches(batches: DemoBatches) -> None:
    assert plan() == batches


def test_each_creator_of_the_dropped_file_fills_a_window(batches: DemoBatches) -> None:
    found = batches.dropped.sample.expectation
    assert len(found.cells) == 5
    assert all(len(cells) >= 35 for cells in found.cells.values())
    assert found.images_per_window == batches.dropped.layout.cells == 35


def test_the_controlled_batch_has_a_custom_grid(batches: DemoBatches) -> None:
    layout, usual = batches.controlled.layout, CollageLayout()
    found = batches.controlled.sample.expectation
    assert (batches.controlled.grid, found.images_per_window) == ("3x4", 12)
    assert layout.cell_px != usual.cell_px
    assert layout.background != usual.background
    sizes = {name: len(found.windows_of(name)) for name in found.cells}
    assert sorted(sizes.values()) == [1, 1, 2, 2, 3]


def test_each_batch_has_refused_rows_and_empty_cells(batches: DemoBatches) -> None:
    for batch in batches:
        assert batch.sample.expectation.summary()["images_failed"] >= 4
        assert len(batch.sample.expectation.refused) == 6
