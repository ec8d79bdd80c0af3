from __future__ import annotations

import msgspec
import pytest

from ops_dashboard.inspect.batches.batch_figures import BatchFigures, WindowFigures
from ops_dashboard.inspect.batches.batch_rows import batch_row
from stream_ingest.batches.progress import Batch, Counted
from stream_ingest.batches.results.summary import BatchSummary, WindowTally

BATCH = Batch(
    batch_id="b",
    trigger="csv-push",
    status="ended",
    flush="batch-end",
    started_at="2026-11-29T10:00:00+00:00",
    rows_read=200,
    rows_sent=200,
    buckets=1,
    drained=1,
    counted=Counted(accepted=200, windows=100, final=True),
)
SUMMARY = BatchSummary(
    batch_id="b",
    trigger="csv-push",
    settings={},
    started_at=BATCH.started_at,
    ended_at="2026-11-29T10:05:00+00:00",
    duration_s=300,
    rows_read=200,
    rows_sent=200,
    rows_accepted=200,
    refused={},
    creators=1,
    windows=100,
    windows_by_status={"completed": 90, "failed": 10},
    collages=90,
    images_ok=180,
    images_failed=20,
    failures={"timeout": 20},
    images_waiting=0,
    summary_key="s",
    results_key="r",
)


def figures(*, is_complete: bool) -> BatchFigures:
    """Return those of 60 of the 100 windows, or of all of them after a retry."""
    tally = WindowTally(ended_at_s=0, by_status={"completed": 60}, images_ok=120)
    if is_complete:
        tally = WindowTally(ended_at_s=0, by_status={"completed": 100}, images_ok=200)
    return BatchFigures(windows=WindowFigures(tally=tally, images=120), is_complete=is_complete)


@pytest.mark.parametrize(
    ("is_complete", "summary", "text"),
    [
        (True, SUMMARY, "ended"),
        (False, SUMMARY, "ended · 10 % failed"),
        (False, None, "ended"),
    ],
    ids=["all windows", "the first windows", "the first windows, without a summary"],
)
def test_a_batch_that_has_ended_never_looks_unfinished(
    is_complete: bool,  # noqa: FBT001 - a parameter
    summary: BatchSummary | None,
    text: str,
) -> None:
    row = batch_row(BATCH, figures(is_complete=is_complete), summary, 0)
    assert (row.outcome.text, row.progress.ended) == (text, True)


def test_a_batch_of_which_some_windows_are_known_has_not_ended() -> None:
    running = msgspec.structs.replace(BATCH, status="sent")
    row = batch_row(running, figures(is_complete=False), None, 0)
    assert row.outcome.text == "building collages"
