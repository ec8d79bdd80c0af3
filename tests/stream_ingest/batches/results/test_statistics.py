from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.batches.results.documents import decode_document, encode_document
from stream_ingest.batches.results.statistics import (
    DailyStats,
    MonthlyReport,
    Totals,
    daily_key,
    day_of,
    monthly_key,
    with_batch,
    with_day,
)
from stream_ingest.batches.results.summary import BatchSummary, results_key, summary_key
from stream_ingest.contracts.errors import DecodeError


def summary(batch_id: str = "b", trigger: str = "csv-push", **changes: object) -> BatchSummary:
    fields: dict[str, object] = {
        "batch_id": batch_id,
        "trigger": trigger,
        "settings": {},
        "started_at": "2026-11-21T06:00:00+00:00",
        "ended_at": "2026-11-21T23:59:59+00:00",
        "duration_s": 3_600,
        "rows_read": 10,
        "rows_sent": 9,
        "rows_accepted": 8,
        "refused": {"expired": 1, "duplicate": 1},
        "creators": 2,
        "windows": 3,
        "windows_by_status": {"completed": 1, "partial": 1, "failed": 1},
        "collages": 2,
        "images_ok": 6,
        "images_failed": 2,
        "failures": {"forbidden": 2},
        "images_waiting": 0,
        "processing_ms": 9_000,
        "longest_ms": 4_000,
        "bytes_downloaded": 1_000_000,
        "collage_bytes": 150_000,
        "summary_key": summary_key(batch_id, "2026-11-21T06:00:00+00:00"),
        "results_key": results_key(batch_id, "2026-11-21T06:00:00+00:00"),
    }
    return msgspec.convert(fields | changes, BatchSummary)


TODAY = DailyStats(date="2026-11-21")
NOVEMBER = MonthlyReport(month="2026-11")


def test_files_are_named_by_day_and_by_month() -> None:
    assert daily_key("2026-11-21") == "results/statistics/daily_stats_20261121.json"
    assert monthly_key("2026-11") == "results/statistics/monthly_report_202611.json"
    assert day_of(summary(ended_at="2026-11-21T00:30:00+01:00")) == "2026-11-20"


def test_a_day_is_the_sum_of_its_batches() -> None:
    stats = with_batch(with_batch(TODAY, summary("a")), summary("b", "mysql-push"))
    assert stats.totals == Totals(
        batches=2,
        batches_by_trigger={"csv-push": 1, "mysql-push": 1},
        rows_read=20,
        rows_accepted=16,
        refused={"duplicate": 2, "expired": 2},
        windows=6,
        collages=4,
        windows_failed=2,
        images_ok=12,
        images_failed=4,
        failures={"forbidden": 4},
        duration_s=7_200,
        processing_ms=18_000,
        longest_ms=4_000,
        bytes_downloaded=2_000_000,
        collage_bytes=300_000,
        images_ok_percent=75.0,
        average_ms=3_000.0,
        rows_per_s=0.003,
        images_per_s=0.002,
    )
    assert list(stats.batches) == ["a", "b"]


def test_the_longest_window_of_a_day_and_of_a_month_is_that_of_any_batch() -> None:
    stats = with_batch(with_batch(TODAY, summary("a", longest_ms=7)), summary("b", longest_ms=5))
    assert stats.totals.longest_ms == 7
    other = with_batch(DailyStats(date="2026-11-20"), summary("c", longest_ms=9))
    assert with_day(with_day(NOVEMBER, stats), other).totals.longest_ms == 9


def test_what_was_not_done_has_no_rate() -> None:
    totals = with_batch(
        TODAY, summary(images_ok=0, images_failed=0, windows=0, collages=0, duration_s=0)
    ).totals
    assert (totals.images_ok_percent, totals.average_ms) == (None, None)
    assert (totals.rows_per_s, totals.images_per_s) == (None, None)


def test_statistics_of_an_older_version_are_read_and_go_on() -> None:
    """They have no durations, bytes and failures by reason."""
    old = b"""{"schema": 1, "date": "2026-11-21", "totals": {"batches": 1, "images_ok": 3},
        "batches": {"old": {"batches": 1, "batches_by_trigger": {}, "images_ok": 3}}}"""
    stats = with_batch(decode_document(old, DailyStats), summary())
    assert (stats.totals.batches, stats.totals.images_ok) == (2, 9)
    assert (stats.totals.processing_ms, stats.totals.failures) == (9_000, {"forbidden": 2})


@given(st.lists(st.sampled_from("abcde"), min_size=1))
def test_in_any_order_and_however_often_each_batch_counts_once(names: list[str]) -> None:
    stats = TODAY
    for name in names:
        stats = with_batch(stats, summary(name))
    again = TODAY
    for name in sorted(set(names)):
        again = with_batch(again, summary(name))
    assert encode_document(stats) == encode_document(again)
    assert stats.totals.batches == len(set(names))


def test_a_month_holds_each_day_as_it_is_now() -> None:
    morning = with_batch(TODAY, summary("a"))
    evening = with_batch(morning, summary("b"))
    other = with_batch(DailyStats(date="2026-11-20"), summary("c"))
    report = NOVEMBER
    for day in (morning, other, evening, evening):
        report = with_day(report, day)
    assert report.totals.batches == 3
    assert report.days == {"2026-11-20": other.totals, "2026-11-21": evening.totals}


def test_statistics_are_read_as_they_were_written() -> None:
    stats = with_batch(TODAY, summary())
    assert decode_document(encode_document(stats), DailyStats) == stats
    report = with_day(NOVEMBER, stats)
    assert decode_document(encode_document(report), MonthlyReport) == report


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"date": 7}', b'{"schema": 2}', b"\xff"])
def test_what_is_no_statistics_is_refused_by_name(raw: bytes) -> None:
    with pytest.raises(DecodeError, match="DailyStats"):
        decode_document(raw, DailyStats)


def test_ten_thousand_batches_a_day_are_a_few_megabytes() -> None:
    """What `with_batch` says of how it scales."""
    batches = {f"batch-{number:06d}": with_batch(TODAY, summary()).totals for number in range(100)}
    raw = encode_document(DailyStats(date="2026-11-21", batches=batches))
    assert 100 * len(raw) < 6_000_000
