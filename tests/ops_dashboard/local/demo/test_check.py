"""Every error in one of the demo's batches must be reported."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from ops_dashboard.local.demo.batches import DemoBatch, DemoBatches
from ops_dashboard.local.demo.check import (
    batch_differences,
    cell_box,
    expected_cells,
    file_differences,
    window_in,
)
from ops_dashboard.local.samples.expected import ExpectedCell, ExpectedWindow
from stream_ingest.contracts.settings import CollageLayout
from tests.ops_dashboard.local.demo.fixtures import collages_of, plan, status_of

COLLAGE = "spring.lookbook_collage_20261120_123456_000003.jpg"  # six covers in rows of four
WINDOW = "spring.lookbook:000003"
ARCHIVED = "archived/processed/2026/11/20/csv-covers-1/covers.csv"
REQUESTED = "manual-uploads/campaign.csv"


@pytest.fixture(scope="module")
def batches() -> DemoBatches:
    return plan()


@pytest.fixture(scope="module")
def batch(batches: DemoBatches) -> DemoBatch:
    return batches.controlled


@pytest.fixture(scope="module")
def collages(batch: DemoBatch) -> dict[str, bytes]:
    return collages_of(batch)


def painted(collage: bytes, index: int, colour: str, batch: DemoBatch) -> bytes:
    """Return a collage with another colour in a cell."""
    with Image.open(io.BytesIO(collage)) as sheet:
        sheet.paste(colour, cell_box(index, batch.layout))
        file = io.BytesIO()
        sheet.save(file, "JPEG", quality=batch.layout.quality)
    return file.getvalue()


def test_a_correct_batch_has_no_differences(batch: DemoBatch, collages: dict[str, bytes]) -> None:
    assert batch_differences(batch, status_of(batch), collages) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("windows", 8), ("images_ok", 0), ("trigger", "s3-trigger"), ("ended", False)],
)
def test_a_wrong_figure_is_reported_with_its_input(
    batch: DemoBatch, collages: dict[str, bytes], name: str, value: object
) -> None:
    (line,) = batch_differences(batch, status_of(batch) | {name: value}, collages)
    expected = batch.expected()[name]
    assert line == f"controlled batch: {name}: expected {expected}, found {value}"


def test_missing_and_unexpected_collages_are_reported(
    batch: DemoBatch, collages: dict[str, bytes]
) -> None:
    moved = {name: data for name, data in collages.items() if name != COLLAGE}
    lines = batch_differences(batch, status_of(batch), moved | {"x.jpg": b""})
    assert lines == [
        f"controlled batch: {WINDOW}: missing",
        "controlled batch: x.jpg: not expected",
    ]


def test_the_default_grid_instead_of_the_requested_one_is_reported(
    batches: DemoBatches, batch: DemoBatch, collages: dict[str, bytes]
) -> None:
    usual = next(iter(collages_of(batches.dropped).values()))
    lines = batch_differences(batch, status_of(batch), collages | {COLLAGE: usual})
    assert lines == [f"controlled batch: {WINDOW}: 1400x1000 px, expected (640, 320)"]


def test_an_empty_cell_with_another_background_is_reported(
    batch: DemoBatch, collages: dict[str, bytes]
) -> None:
    wrong = {COLLAGE: painted(collages[COLLAGE], 7, "#ffffff", batch)}
    lines = batch_differences(batch, status_of(batch), collages | wrong)
    assert lines == [f"controlled batch: {WINDOW}, cell 7: not empty in #1d3557"]


def test_a_cell_without_its_cover_is_reported(batch: DemoBatch, collages: dict[str, bytes]) -> None:
    wrong = {COLLAGE: painted(collages[COLLAGE], 0, batch.layout.background, batch)}
    (line,) = batch_differences(batch, status_of(batch), collages | wrong)
    assert line.startswith(f"controlled batch: {WINDOW}, cell 0: expected (45, 25), found None")


@pytest.mark.parametrize("kind", ["collage", "thumb", "metadata"])
def test_a_file_name_states_its_window(kind: str) -> None:
    name = f"a_collage_20260101_000000_000001_{kind}_20261121_235959_000012"
    assert window_in(f"{name}.jpg") == "a_collage_20260101_000000_000001:000012"
    assert window_in("charli_collage_000012.jpg") == "charli_collage_000012.jpg"


@pytest.mark.parametrize(
    ("fit_rows", "pack", "expected"),
    [
        (False, False, "1.2..3......"),
        (True, False, "1.2..3.."),
        (False, True, "123........."),
        (True, True, "123."),
    ],
)
def test_the_expected_cells_follow_the_layout(*, fit_rows: bool, pack: bool, expected: str) -> None:
    """Six of twelve cells have a cover, of which three cannot be downloaded."""
    layout = CollageLayout(rows=3, cols=4, fit_rows=fit_rows, pack=pack)
    cells = tuple(
        ExpectedCell(object_id="", identity="", creator_index=0, number=number, ok=number > 0)
        for number in (1, 0, 2, 0, 0, 3)
    )
    window = ExpectedWindow(creator="ann", ordinal=1, cells=cells)
    found = expected_cells(window, layout)
    assert "".join("." if cell is None else str(cell.number) for cell in found) == expected


def test_input_files_are_archived_or_stay(batches: DemoBatches) -> None:
    assert file_differences(batches, [ARCHIVED, REQUESTED]) == []
    failed = ARCHIVED.replace("processed", "failed")
    assert file_differences(batches, [failed, REQUESTED]) == [
        "covers.csv: not under archived/processed/"
    ]
    assert file_differences(batches, [ARCHIVED]) == [
        "campaign.csv: no longer under manual-uploads/"
    ]
