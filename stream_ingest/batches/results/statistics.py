"""Statistics of a day and of a month, of whole batches by the UTC day on which they ended. Pure.

A day holds its batches by id and a month its days by date, and totals are always added up anew from
those. So putting a batch or a day in a second time changes nothing. A day's document grows by about
600 bytes a batch: ten thousand batches a day are 6 MB, read and written for each of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from stream_ingest.batches.results.summary import BatchSummary, per_second
from stream_ingest.contracts.timestamps import parse_utc

_FOLDER = "results/statistics"
_SUMMED = (
    "batches",
    "rows_read",
    "rows_accepted",
    "windows",
    "collages",
    "windows_failed",
    "images_ok",
    "images_failed",
    "duration_s",
    "processing_ms",
    "bytes_downloaded",
    "collage_bytes",
)
_BY_NAME = ("refused", "batches_by_trigger", "failures")


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over batches."""

    batches: int = 0
    batches_by_trigger: dict[str, int] = {}
    rows_read: int = 0
    rows_accepted: int = 0
    refused: dict[str, int] = {}
    windows: int = 0
    collages: int = 0
    windows_failed: int = 0
    images_ok: int = 0
    images_failed: int = 0
    failures: dict[str, int] = {}
    """Images that are in no collage, by reason."""
    duration_s: int = 0
    """Sum of the batches' durations, from registration to end; batches may overlap."""
    processing_ms: int = 0
    """Sum of the windows' processing times, each from its claim by a worker to its end."""
    longest_ms: int = 0
    """The longest processing time of a window."""
    bytes_downloaded: int = 0
    collage_bytes: int = 0
    """Sizes of all collages."""
    images_ok_percent: float | None = None
    """None if no image was requested."""
    average_ms: float | None = None
    """Processing time of a window; None if there was none."""
    rows_per_s: float | None = None
    images_per_s: float | None = None
    """Rows read, and images in collages, per second of `duration_s`; None if that is 0."""


class DailyStats(msgspec.Struct, frozen=True, kw_only=True):
    """The batches that ended on one UTC day."""

    schema: Literal[1] = 1
    date: str
    totals: Totals = Totals()
    batches: dict[str, Totals] = {}


class MonthlyReport(msgspec.Struct, frozen=True, kw_only=True):
    """The days of one month on which batches ended."""

    schema: Literal[1] = 1
    month: str
    totals: Totals = Totals()
    days: dict[str, Totals] = {}


def daily_key(date: str) -> str:
    """Return where the statistics of a day (YYYY-MM-DD) lie in the output bucket."""
    return f"{_FOLDER}/daily_stats_{date.replace('-', '')}.json"


def monthly_key(month: str) -> str:
    """Return where the report of a month (YYYY-MM) lies in the output bucket."""
    return f"{_FOLDER}/monthly_report_{month.replace('-', '')}.json"


def day_of(summary: BatchSummary) -> str:
    """Return the UTC day, YYYY-MM-DD, on which a batch ended."""
    return parse_utc(summary.ended_at).date().isoformat()


def with_batch(stats: DailyStats, summary: BatchSummary) -> DailyStats:
    """Return a day that counts a batch; the same as before where it did already."""
    batches = dict(sorted({**stats.batches, summary.batch_id: _of_batch(summary)}.items()))
    return DailyStats(date=stats.date, totals=add_up(batches.values()), batches=batches)


def with_day(report: MonthlyReport, stats: DailyStats) -> MonthlyReport:
    """Return a month that counts a day as it is now."""
    days = dict(sorted({**report.days, stats.date: stats.totals}.items()))
    return MonthlyReport(month=report.month, totals=add_up(days.values()), days=days)


def add_up(parts: Iterable[Totals]) -> Totals:
    """Return the sums over some totals."""
    sums: dict[str, Any] = dict.fromkeys(_SUMMED, 0)
    sums["longest_ms"] = 0
    for part in parts:
        sums["longest_ms"] = max(sums["longest_ms"], part.longest_ms)
        for field in _SUMMED:
            sums[field] += getattr(part, field)
        for field in _BY_NAME:
            sums[field] = _merged(sums.get(field, {}), getattr(part, field))
    return _with_rates(msgspec.convert(sums, Totals))


def _merged(left: dict[str, int], right: dict[str, int]) -> dict[str, int]:
    names = sorted({*left, *right})
    return {name: left.get(name, 0) + right.get(name, 0) for name in names}


def _of_batch(summary: BatchSummary) -> Totals:
    return _with_rates(
        Totals(
            batches=1,
            batches_by_trigger={summary.trigger: 1},
            rows_read=summary.rows_read,
            rows_accepted=summary.rows_accepted,
            refused=summary.refused,
            windows=summary.windows,
            collages=summary.collages,
            windows_failed=summary.windows - summary.collages,
            images_ok=summary.images_ok,
            images_failed=summary.images_failed,
            failures=summary.failures,
            duration_s=summary.duration_s,
            processing_ms=summary.processing_ms,
            longest_ms=summary.longest_ms,
            bytes_downloaded=summary.bytes_downloaded,
            collage_bytes=summary.collage_bytes,
        )
    )


def _with_rates(totals: Totals) -> Totals:
    requested = totals.images_ok + totals.images_failed
    return msgspec.structs.replace(
        totals,
        images_ok_percent=round(100 * totals.images_ok / requested, 2) if requested else None,
        average_ms=round(totals.processing_ms / totals.windows, 1) if totals.windows else None,
        rows_per_s=per_second(totals.rows_read, totals.duration_s),
        images_per_s=per_second(totals.images_ok, totals.duration_s),
    )
