from __future__ import annotations

import io

import msgspec
import pytest

from ops_dashboard.local.demo.summary import (
    DemoSummary,
    figures_of,
    photo_figures,
    photos_line,
    summarise,
    summary_table,
)
from ops_dashboard.printing.terminal import console
from tests.ops_dashboard.local.demo.fixtures import plan, status_of
from tests.ops_dashboard.local.demo.photos import found, sample


@pytest.fixture(scope="module")
def summary() -> DemoSummary:
    photos = (sample(), sample(is_augmented=True), sample(reason="truncated"))
    return summarise(
        [figures_of(batch, status_of(batch)) for batch in plan()],
        photo_figures(map(found, photos)),
        31.4,
    )


def printed(summary: DemoSummary) -> list[list[str]]:
    """Return the table's cells, line by line."""
    out = io.StringIO()
    console(out).print(summary_table(summary))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in lines if "│" in line]


def test_the_total_is_the_sum_of_the_batches(summary: DemoSummary) -> None:
    for name in ("rows_read", "rows_accepted", "windows", "collages", "images_ok", "images_failed"):
        values = [getattr(batch, name) for batch in summary.batches]
        assert getattr(summary, name) == sum(values), name
        assert 0 not in values
    refused = [sum(batch.refused.values()) for batch in summary.batches]
    assert sum(summary.refused.values()) == sum(refused)
    assert summary.rows_read == summary.rows_accepted + sum(summary.refused.values())


def test_the_table_has_a_column_for_each_input(summary: DemoSummary) -> None:
    lines = {name: values for name, *values in printed(summary)}
    assert lines["trigger"] == ["mysql-push", "s3-trigger", "sqs-trigger", ""]
    assert lines["grid"] == ["5x7", "5x7", "3x4", ""]
    assert lines["rows read"] == ["2,016", "267", "99", "2,382"]
    assert lines["windows"] == ["71", "10", "9", "90"]
    assert lines["refused: bad_creator"] == ["4", "4", "4", "12"]
    assert lines["seconds"] == ["", "", "", "31.4"]


def test_the_json_has_each_batch_and_the_totals_on_top(summary: DemoSummary) -> None:
    written = msgspec.to_builtins(summary)
    assert written["rows_read"] == 2_382
    assert [each["input_name"] for each in written["batches"]] == [
        "MySQL push",
        "CSV drop",
        "controlled batch",
    ]
    controlled = written["batches"][2]
    assert controlled["batch_id"] == "id of controlled batch"
    assert (controlled["cell_px"], controlled["background"]) == (160, "#1d3557")


def test_the_photos_are_one_line(summary: DemoSummary) -> None:
    assert photos_line(summary.photos) == (
        "Photos: 3 uploads became 9 renditions and rotations; 1 failed as they should "
        "(1 truncated), 0 is no photo."
    )
