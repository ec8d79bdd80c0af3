"""The lines of the demo's output in README, against the table that the demo prints."""

from __future__ import annotations

import io

from ops_dashboard.local.demo.summary import (
    BatchFigures,
    DemoSummary,
    photo_figures,
    summarise,
    summary_table,
)
from ops_dashboard.printing.terminal import console
from tests.docs.snippets import demo_lines, masked


def batch(input_name: str, trigger: str) -> BatchFigures:
    return BatchFigures(
        input_name=input_name,
        batch_id=input_name,
        trigger=trigger,
        grid="5x7",
        cell_px=200,
        background="#ffffff",
        rows_read=2_016,
        rows_accepted=1_808,
        refused={"expired": 60},
        windows=71,
        collages=70,
        images_ok=1_755,
        images_failed=53,
    )


def summary() -> DemoSummary:
    names = {
        "MySQL push": "mysql-push",
        "CSV drop": "s3-trigger",
        "controlled batch": "sqs-trigger",
    }
    batches = [batch(*each) for each in names.items()]
    return summarise(batches, photo_figures([]), seconds=60.0)


def test_readme_shows_six_lines_that_the_demo_prints() -> None:
    """`tests/end_to_end/test_demo.py` compares them with a real run as well."""
    out = io.StringIO()
    console(out).print(summary_table(summary()))
    printed = {masked(line) for line in out.getvalue().splitlines()}
    shown = demo_lines()
    assert len(shown) == 6
    assert {masked(line) for line in shown} <= printed
