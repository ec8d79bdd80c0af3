"""Checks that the results of each batch exist once and agree with each other."""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Sequence

from stream_ingest.batches.results.documents import decode_document
from stream_ingest.batches.results.processing_log import ProcessingLog, log_key
from stream_ingest.batches.results.statistics import (
    DailyStats,
    MonthlyReport,
    Totals,
    daily_key,
    monthly_key,
)
from stream_ingest.batches.results.summary import (
    BatchSummary,
    completed,
)
from stream_ingest.contracts.events import BatchCompleted, convert_detail
from tests.fakes.ingest.aws import OUTPUT
from tests.faults.harness.push_process import Batch
from tests.faults.harness.simulated_account import SimulatedAccount


def check_results(account: SimulatedAccount, batches: Sequence[Batch]) -> None:
    """BatchCompleted, list, day and month agree with the summaries."""
    events = [convert_detail(each, BatchCompleted) for each in account.emitted(BatchCompleted)]
    summaries = [_summary(account, batch.header.batch_id) for batch in batches]
    wanted = {key for each in summaries for key in (each.summary_key, each.results_key)}
    by_day: dict[str, list[BatchSummary]] = defaultdict(list)
    for summary in summaries:
        assert {repr(e) for e in events if e.batch_id == summary.batch_id} == {
            repr(completed(summary))
        }
        _check_list(account, summary)
        by_day[summary.ended_at[:10]].append(summary)
    for day, ended in by_day.items():
        stats = decode_document(account.s3.read(OUTPUT, daily_key(day)), DailyStats)
        assert stats.batches.keys() == {each.batch_id for each in ended}
        _check_sums(stats.totals, ended)
        report = decode_document(account.s3.read(OUTPUT, monthly_key(day[:7])), MonthlyReport)
        assert report.days[day] == stats.totals
        _check_sums(report.totals, [e for d in by_day for e in by_day[d] if d[:7] == day[:7]])
        log = decode_document(account.s3.read(OUTPUT, log_key(day)), ProcessingLog)
        assert sorted(e.batch_id for e in log.batches) == sorted(e.batch_id for e in ended)
        assert [e.ended_at for e in log.batches] == sorted(e.ended_at for e in ended)
        wanted |= {daily_key(day), monthly_key(day[:7]), log_key(day)}
    assert {key for key in account.s3.keys(OUTPUT) if key.startswith("results/")} == wanted


def _summary(account: SimulatedAccount, batch_id: str) -> BatchSummary:
    keys = account.s3.keys(OUTPUT)
    (summary_key,) = [key for key in keys if f"/processing_summary_{batch_id}_" in key]
    (results_key,) = [key for key in keys if f"/batch_results_{batch_id}_" in key]
    versions = account.s3.versions[OUTPUT, summary_key]
    assert len(versions) == len(account.s3.versions[OUTPUT, results_key]) == 1
    summary = decode_document(versions[0].body, BatchSummary)
    assert (summary.summary_key, summary.results_key) == (summary_key, results_key)
    return summary


def _check_list(account: SimulatedAccount, summary: BatchSummary) -> None:
    text = account.s3.read(OUTPUT, summary.results_key).decode()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert len({line["window_id"] for line in lines}) == len(lines) == summary.windows
    assert Counter(line["status"] for line in lines) == summary.windows_by_status
    assert sum(int(line["images_ok"]) for line in lines) == summary.images_ok
    assert sum(int(line["images_failed"]) for line in lines) == summary.images_failed
    assert {bool(line["collage_key"]) for line in lines if line["status"] != "failed"} <= {True}


def _check_sums(totals: Totals, ended: Sequence[BatchSummary]) -> None:
    assert totals.batches == len(ended)
    fields = ("rows_read", "rows_accepted", "windows", "collages", "images_ok", "duration_s")
    for field in (*fields, "processing_ms", "bytes_downloaded", "collage_bytes"):
        assert getattr(totals, field) == sum(getattr(each, field) for each in ended), field
