"""The result of one batch, once all of its windows have ended. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from stream_ingest.batches.progress import Batch, BatchProgress, WindowCounts
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.events import BatchCompleted
from stream_ingest.contracts.timestamps import from_epoch_s, parse_utc

_FOLDER = "results/processing-summaries"


def summary_key(batch_id: str) -> str:
    """Return where a batch's summary lies in the output bucket."""
    return f"{_FOLDER}/{batch_id}.json"


def results_key(batch_id: str) -> str:
    """Return where the list of a batch's windows lies in the output bucket."""
    return f"{_FOLDER}/{batch_id}.csv"


class BatchSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A batch at its end; what a retry or a replay makes of its windows later is not in it.

    Windows are those that the batch had closed by then: what is still open then (`images_waiting`)
    is of no window yet.
    """

    schema: Literal[1] = 1
    batch_id: str
    trigger: str
    source: str | None = None
    """Where its rows come from: a path, an ``s3://`` or a ``mysql://`` address."""
    settings: dict[str, Any]
    started_at: str
    ended_at: str
    duration_s: int
    rows_read: int
    rows_sent: int
    rows_accepted: int
    refused: dict[str, int]
    creators: int
    windows: int
    windows_by_status: dict[str, int]
    collages: int
    images_ok: int
    images_failed: int
    failures: dict[str, int]
    """Images that could not be downloaded or decoded, by reason."""
    images_waiting: int
    summary_key: str
    results_key: str
    notes: tuple[str, ...] = ()
    """Sentences for whoever sent it, such as about fields of its request without effect."""


class WindowTally(WindowCounts, msgspec.Struct, kw_only=True):
    """Sums over the windows of a batch, one after the other. Not a value: it grows."""

    ended_at_s: int
    """Epoch second at which the windows were counted: the end of their batch."""
    by_status: dict[str, int] = {}
    failures: dict[str, int] = {}
    images_ok: int = 0
    images_failed: int = 0

    def add(self, window: Mapping[str, Any]) -> None:
        """Count a window's status item."""
        self.by_status[str(window["status"])] = self.by_status.get(window["status"], 0) + 1
        self.images_ok += int(window.get("images_ok", 0))
        self.images_failed += int(window.get("images_failed", 0))
        for reason, images in window.get("failures", {}).items():
            self.failures[str(reason)] = self.failures.get(reason, 0) + int(images)


def summarize(
    batch: Batch, progress: BatchProgress, creators: int, windows: WindowTally
) -> BatchSummary:
    """Return the summary of a batch that ended with the windows that were listed."""
    ended_at = from_epoch_s(windows.ended_at_s)
    return BatchSummary(
        batch_id=batch.batch_id,
        trigger=batch.trigger,
        source=batch.source,
        settings=msgspec.json.decode(batch.settings, type=dict[str, Any]),
        started_at=batch.started_at,
        ended_at=ended_at.isoformat(),
        duration_s=max(0, int((ended_at - parse_utc(batch.started_at)).total_seconds())),
        rows_read=progress.rows_read,
        rows_sent=progress.rows_sent,
        rows_accepted=progress.rows_accepted,
        refused=progress.refused,
        creators=creators,
        windows=windows.windows,
        windows_by_status=dict(sorted(windows.by_status.items())),
        collages=windows.collages,
        images_ok=windows.images_ok,
        images_failed=windows.images_failed,
        failures=dict(sorted(windows.failures.items())),
        images_waiting=progress.open_images,
        summary_key=summary_key(batch.batch_id),
        results_key=results_key(batch.batch_id),
        notes=batch.notes,
    )


def encode_summary(summary: BatchSummary) -> bytes:
    """Return a summary as JSON for people and programs."""
    return msgspec.json.format(msgspec.json.encode(summary), indent=1)


def decode_summary(raw: bytes) -> BatchSummary:
    """Return the summary in an object; `DecodeError` names the field at fault."""
    try:
        return msgspec.json.decode(raw, type=BatchSummary)
    except (msgspec.DecodeError, UnicodeError) as error:
        msg = f"summary of a batch: {error}"
        raise DecodeError(msg) from error


def completed(summary: BatchSummary) -> BatchCompleted:
    """Return the event that announces the end of a batch."""
    return BatchCompleted(
        batch_id=summary.batch_id,
        trigger=summary.trigger,
        rows_read=summary.rows_read,
        rows_accepted=summary.rows_accepted,
        refused=summary.refused,
        windows=summary.windows,
        collages=summary.collages,
        images_ok=summary.images_ok,
        images_failed=summary.images_failed,
        summary_key=summary.summary_key,
        results_key=summary.results_key,
    )
