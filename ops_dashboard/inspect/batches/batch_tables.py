"""Batches as tables of a terminal: a list, or one with all its figures. Pure."""

from __future__ import annotations

from datetime import datetime

from rich.table import Table

from ops_dashboard.printing.colours import outcome_text
from ops_dashboard.printing.tables import duration_text, table_of
from stream_ingest.batches.outcome import outcome_of
from stream_ingest.batches.progress import BatchProgress

_SPARE = ("trigger", "rows read", "refused", "took", "accepted", "collages", "started (UTC)")
"""Columns of the list that a narrow terminal leaves out, the first one first."""


def batch_table(batches: list[BatchProgress]) -> Table:
    """Return a table of batches, one per row."""
    columns = (
        *("batch", "outcome", "started (UTC)", "took", "rows read", "accepted", "refused"),
        *("collages", "trigger"),
    )
    rows = [
        (
            batch.batch_id,
            outcome_text(outcome_of(batch)),
            _minute(batch.started_at),
            _took(batch),
            batch.rows_read,
            batch.rows_accepted,
            sum(batch.refused.values()),
            f"{batch.collages:,} of {batch.windows:,}",
            batch.trigger,
        )
        for batch in batches
    ]
    return table_of(columns, rows, spare=_SPARE)


def _minute(time: str | None) -> str | None:
    return time and time[:16].replace("T", " ")


def _took(batch: BatchProgress) -> str | None:
    """Return the time from the start of a batch to its last collage; None until it has ended."""
    end = batch.built_at or batch.sent_at
    if not batch.ended or batch.started_at is None or end is None:
        return None
    started = datetime.fromisoformat(batch.started_at)
    return duration_text((datetime.fromisoformat(end) - started).total_seconds())


def progress_table(batch: BatchProgress) -> Table:
    """Return a table of one batch, one figure per row."""
    rows: list[tuple[str, object]] = [
        ("trigger", batch.trigger),
        ("source", batch.source or "unknown"),
        ("outcome", outcome_text(outcome_of(batch))),
        ("status", batch.status),
        *_times(batch),
        *_unusual_end(batch),
        ("rows read", batch.rows_read),
        ("rows accepted", batch.rows_accepted),
        *((f"refused: {reason}", count) for reason, count in batch.refused.items()),
        ("windows closed", batch.windows),
        *(
            (f"windows {status}", count)
            for status, count in sorted(batch.windows_by_status.items())
        ),
        ("images in collages", batch.images_ok),
        ("images failed", batch.images_failed),
        ("images waiting in open windows", batch.open_images),
        ("ended", "yes" if batch.ended else "no"),
        *(("note", note) for note in batch.notes),
    ]
    return table_of(("figure", "value"), rows, title=f"batch {batch.batch_id}")


def _times(batch: BatchProgress) -> list[tuple[str, object]]:
    """Return when a batch started, was sent and had its last collage, in UTC. Pure."""
    facts = [
        ("started (UTC)", batch.started_at),
        ("last row sent (UTC)", batch.sent_at),
        ("last collage (UTC)", batch.built_at),
        ("took", _took(batch)),
    ]
    return [(name, value[:19].replace("T", " ")) for name, value in facts if value is not None]


def _unusual_end(batch: BatchProgress) -> list[tuple[str, object]]:
    """Return why a batch was rejected, when and by whom abandoned, what is missing. Pure."""
    facts: list[tuple[str, object]] = [
        ("rejected", batch.rejected),
        ("abandoned at", batch.abandoned_at),
        ("abandoned by", batch.abandoned_by),
        ("end marks missing", batch.marks_missing or None),
    ]
    return [(name, value) for name, value in facts if value is not None]
