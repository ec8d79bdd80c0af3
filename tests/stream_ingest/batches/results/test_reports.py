from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from stream_ingest.aws.items import Item
from stream_ingest.batches.counter import BatchCount
from stream_ingest.batches.progress import Batch, WindowSums, progress_of
from stream_ingest.batches.registry import Totals
from stream_ingest.batches.results import reports as reports_module
from stream_ingest.batches.results.documents import decode_document
from stream_ingest.batches.results.processing_log import ProcessingLog
from stream_ingest.batches.results.reports import Reports
from stream_ingest.batches.results.statistics import DailyStats, MonthlyReport
from stream_ingest.batches.results.store import ResultStore
from stream_ingest.batches.results.summary import BatchSummary
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.naming import SMOKE_TRIGGER
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.records.codec import BUCKETS, BatchHeader
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from stream_ingest.windowing.sweeper.isolation import raise_errors
from tests.fakes.ingest.aws import OUTPUT, IngestAws
from tests.fakes.ingest.rows import NOW_S, arrivals, header
from tests.faults.harness.aws.s3 import FakeS3

BATCH = header("b", images=2, flush=FlushPolicy(kind="batch-end"))
STARTED = f"{from_epoch_s(NOW_S):%Y%m%d_%H%M%S}"
SUMMARY = f"results/processing-summaries/2026/11/processing_summary_b_{STARTED}.json"
RESULTS = f"results/processing-summaries/2026/11/batch_results_b_{STARTED}.csv"
LOG = "results/processing-logs/2026/11/processing_log_20261106.json"
DAY = "results/statistics/daily_stats_20261106.json"
MONTH = "results/statistics/monthly_report_202611.json"
ALL = [LOG, RESULTS, SUMMARY, DAY, MONTH]


def prepare(aws: IngestAws, *creators: str, batch: BatchHeader = BATCH) -> None:
    """Bring a batch of three rows a creator, two windows each, to where its windows are done."""
    aws.registry.register(batch, "/data/covers.csv")
    for creator in creators:
        state = CreatorState(creator=creator)
        aws.store.commit(state, fold(state, arrivals([1, 2, 3], batch), NOW_S, Rules()), NOW_S)
    rows = 3 * len(creators)
    totals = Totals(rows_read=rows + 1, rows_sent=rows, refused={"expired": 1})
    aws.registry.record_totals("b", totals, sent=True)
    aws.registry.record_drained("b", set(range(BUCKETS)))
    aws.sweeper().sweep_batch("b")
    aws.clock.advance(120)
    aws.sweeper().sweep()
    aws.end_windows()


def summary_in(aws: IngestAws) -> BatchSummary:
    return decode_document(aws.read(OUTPUT, SUMMARY), BatchSummary)


def lines_in(aws: IngestAws) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(aws.read(OUTPUT, RESULTS).decode(), newline="")))


def test_nothing_is_reported_before_the_last_window_has_ended(aws: IngestAws) -> None:
    prepare(aws, "ann")
    aws.set_item("ann", "window#000002", status="processing")
    aws.sweeper().sweep()
    assert not aws.keys_in(OUTPUT)


def test_a_batch_that_ends_is_reported_as_a_whole(aws: IngestAws) -> None:
    prepare(aws, "ann", "=ben()")
    aws.set_item("ann", "window#000002", status="failed", images_ok=0, images_failed=1)
    aws.set_item("ann", "window#000002", failures={"forbidden": 1}, error="no image")
    built = {"duration_ms": 1_500, "bytes_downloaded": 900, "collage_bytes": 70}
    aws.set_item("ann", "window#000001", collage_key="collages/x.jpg", **built)
    aws.set_item("ann", "window#000002", duration_ms=500, bytes_downloaded=100)
    aws.sweeper().sweep()
    assert aws.keys_in(OUTPUT) == ALL

    summary = summary_in(aws)
    assert (summary.rows_read, summary.rows_accepted, summary.refused) == (7, 6, {"expired": 1})
    assert (summary.creators, summary.windows, summary.collages) == (2, 4, 3)
    assert summary.windows_by_status == {"completed": 3, "failed": 1}
    assert (summary.images_ok, summary.images_failed) == (5, 1)
    assert summary.failures == {"forbidden": 1}
    assert summary.settings == msgspec.to_builtins(BATCH.settings)
    assert summary.duration_s == 120
    assert (summary.processing_ms, summary.longest_ms) == (2_000, 1_500)
    assert (summary.bytes_downloaded, summary.collage_bytes) == (1_000, 70)
    assert (summary.rows_per_s, summary.images_per_s) == (0.058, 0.042)
    assert summary.source == "/data/covers.csv"

    lines = {line["window_id"]: line for line in lines_in(aws)}
    assert len(lines) == 4
    assert lines["ann:000001"]["collage_key"] == "collages/x.jpg"
    assert lines["ann:000002"]["failures"] == "forbidden:1"
    assert lines["'=3Dben=28=29:000001"]["creator"] == "'=ben()"

    stats = decode_document(aws.read(OUTPUT, DAY), DailyStats)
    assert (stats.totals.batches, stats.totals.images_ok, list(stats.batches)) == (1, 5, ["b"])
    log = decode_document(aws.read(OUTPUT, LOG), ProcessingLog)
    (entry,) = log.batches
    assert (entry.batch_id, entry.outcome, entry.collages) == ("b", "partial", 3)
    assert (entry.source, entry.summary_key) == ("/data/covers.csv", SUMMARY)
    report = decode_document(aws.read(OUTPUT, MONTH), MonthlyReport)
    assert report.days == {"2026-11-06": stats.totals}
    assert report.totals == stats.totals


def test_a_smoke_test_is_in_no_log_or_statistics_and_its_end_is_not_announced(
    aws: IngestAws,
) -> None:
    """It is removed, and figures, mails and webhooks are about the batches of people."""
    prepare(aws, "ann", batch=msgspec.structs.replace(BATCH, trigger=SMOKE_TRIGGER))
    assert aws.sweeper().sweep().batches_ended == ("b",)
    assert aws.keys_in(OUTPUT) == [RESULTS, SUMMARY]
    assert aws.bus.details("BatchCompleted") == []


def test_the_end_is_announced_after_everything_is_written(aws: IngestAws) -> None:
    prepare(aws, "ann")
    written: list[list[str]] = []

    def look(event: dict[str, Any]) -> bool:
        if event["type"] == "BatchCompleted":
            written.append(aws.keys_in(OUTPUT))
        return False

    aws.bus.refuse = look
    aws.sweeper().sweep()
    assert written == [ALL]
    (printed,) = aws.bus.details("BatchCompleted")
    assert (printed["summary_key"], printed["results_key"]) == (SUMMARY, RESULTS)


@pytest.mark.parametrize("crash", range(5))
def test_a_crash_between_any_two_reports_leaves_each_once(
    aws: IngestAws, crash: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The day is that of the first attempt, and a retry that came between changes no figure."""
    prepare(aws, "ann")
    put, puts = aws.s3.put_object, 0

    def failing(**request: Any) -> Any:  # noqa: ANN401 - as boto3
        nonlocal puts
        puts += 1
        if puts > crash:
            error = "S3 is away"
            raise TransientError(error)
        return put(**request)

    with monkeypatch.context() as patch:
        patch.setattr(aws.s3, "put_object", failing)
        with pytest.raises(TransientError):
            raise_errors(aws.sweeper().sweep())
    if crash:
        aws.set_item("ann", "window#000002", status="failed", images_ok=0, images_failed=1)
        aws.clock.advance(86_400)
    aws.sweeper().sweep()
    summary = summary_in(aws)
    assert (summary.images_ok, summary.images_failed) == (3, 0)
    assert [line["status"] for line in lines_in(aws)] == ["completed"] * 2
    assert aws.keys_in(OUTPUT) == ALL
    assert decode_document(aws.read(OUTPUT, DAY), DailyStats).totals.batches == 1


def test_an_end_that_is_announced_twice_is_announced_in_the_same_words(aws: IngestAws) -> None:
    prepare(aws, "ann")
    aws.bus.refuse = lambda event: event["type"] == "BatchCompleted"
    aws.sweeper().sweep()
    before = [(key, aws.read(OUTPUT, key)) for key in aws.keys_in(OUTPUT)]
    aws.set_item("ann", "window#000002", status="failed", images_ok=0, images_failed=1)
    aws.clock.advance(86_400)
    aws.bus.refuse = lambda _: False
    aws.sweeper().sweep()
    assert [(key, aws.read(OUTPUT, key)) for key in aws.keys_in(OUTPUT)] == before
    (printed,) = aws.bus.details("BatchCompleted")
    assert (printed["images_ok"], printed["images_failed"]) == (3, 0)


class ManyWindows:
    """The windows of a large batch, made one at a time, as a query's pages come."""

    def __init__(self, many: int) -> None:
        self.many = many

    def windows(self, _: str) -> Iterator[Item]:
        for number in range(self.many):
            yield {
                "creator_name": f"creator.{number}",
                "item": "window#000001",
                "creator": f"creator.{number}",
                "status": "completed",
                "image_count": 20,
                "images_ok": 20,
                "images_failed": 0,
                "failures": {},
                "processing_date": "2026-11-06",
                "completed_at": "2026-11-06T22:13:20+00:00",
                "collage_key": f"collages/2026/11/06/csv-push/creator.{number}_collage_000001.jpg",
            }


class CountingS3(FakeS3):
    """Takes what it is given a piece at a time, as the network does, and keeps the first of it."""

    def put_object(self, **request: Any) -> dict[str, str]:  # noqa: ANN401 - as boto3
        body = request["Body"]
        if not isinstance(body, bytes):
            self.sizes = [len(piece) for piece in iter(lambda: body.read(65_536), b"")]
            request["Body"] = b""
        return super().put_object(**request)


@pytest.mark.parametrize(
    ("many", "in_memory_bytes", "most_bytes"),
    [
        (5_000, 65_536, 1_000_000),
        pytest.param(100_000, 8 << 20, 32_000_000, marks=pytest.mark.slow),
    ],
)
def test_memory_does_not_grow_with_the_number_of_windows(
    many: int, in_memory_bytes: int, most_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports_module, "_IN_MEMORY_BYTES", in_memory_bytes)
    registry: Any = ManyWindows(many)
    s3: Any = CountingS3(OUTPUT)
    reports = Reports(registry, ResultStore(s3, OUTPUT), lambda: NOW_S)
    batch = Batch(
        batch_id="b",
        trigger="csv-push",
        status="flushed",
        flush="batch-end",
        started_at="2026-11-06T22:00:00+00:00",
    )
    images = 20 * many
    windows = WindowSums(
        by_status={"completed": many}, images=images, images_ok=images, images_failed=0
    )
    progress = progress_of(batch, windows, NOW_S)
    tracemalloc.start()
    try:
        summary = reports.write(BatchCount(batch=batch, progress=progress, creators=[]))
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert summary is not None
    assert summary.windows == many
    assert sum(s3.sizes) > 150 * many
    assert peak_bytes < most_bytes
