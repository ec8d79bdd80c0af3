"""What became of a batch, in the words of console, commands and documentation. Pure.

A batch's status says where it stands in its life; its outcome also says how much of it was lost. A
batch of which 91 % of the images failed has the status ``ended``, as one without any failure.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from stream_ingest.batches.progress import ABANDONED_BATCH, ENDED_BATCHES, BatchProgress
from stream_ingest.contracts import table
from stream_ingest.records.rows import RefusalReason

_INTENDED = frozenset({RefusalReason.DUPLICATE, RefusalReason.READ_AGAIN, RefusalReason.BLOCKED})
"""Reasons of rows that are refused although nothing is wrong with them."""
_WORTH_A_WARNING = 0.01
_BAD = 0.5


class OutcomeKind(StrEnum):
    """Kinds of outcomes, by which batches are filtered; the first four are of open batches."""

    SENDING = "sending"
    PROCESSING = "processing"
    BUILDING = "building"
    ENDING = "ending"
    """Abandoned, and not at its end yet."""
    ENDED = "ended"
    FAILED = "failed"
    """Ended, and some images failed."""
    REFUSED = "refused"
    """Ended, and some rows were refused."""
    NOTHING_NEW = "nothing-new"
    """Ended without any row that was not known."""
    ALL_REFUSED = "all-refused"
    REJECTED = "rejected"
    """No row of its file can be used."""
    ABANDONED = "abandoned"
    UNREADABLE = "unreadable"
    """Its item in the table cannot be read."""

    @property
    def is_open(self) -> bool:
        """Whether the batch has not ended."""
        return self in _OPEN


_OPEN = (OutcomeKind.SENDING, OutcomeKind.PROCESSING, OutcomeKind.BUILDING, OutcomeKind.ENDING)


class OutcomeLevel(StrEnum):
    """How good an outcome is, which is its colour."""

    BUSY = "busy"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


class BatchOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a batch."""

    kind: OutcomeKind
    level: OutcomeLevel
    text: str
    """For people, such as ``ended · 91 % failed``."""


class ProgressWithOutcome(BatchProgress, frozen=True, kw_only=True):
    """The progress of a batch and what became of it, as commands print it for programs."""

    outcome: BatchOutcome


def with_outcome(batch: BatchProgress) -> ProgressWithOutcome:
    """Return a batch's progress with its outcome."""
    return ProgressWithOutcome(**msgspec.structs.asdict(batch), outcome=outcome_of(batch))


def outcome_of(batch: BatchProgress) -> BatchOutcome:
    """Return the outcome of a batch with its figures so far."""
    if batch.status == table.UNREADABLE:
        return _outcome(OutcomeKind.UNREADABLE, OutcomeLevel.BAD, "unreadable")
    if batch.rejected is not None:
        return _outcome(OutcomeKind.REJECTED, OutcomeLevel.BAD, "rejected")
    if batch.abandoned_at is not None and not _is_built_again(batch):
        return _abandoned(batch)
    return _at_its_end(batch) if batch.ended else _on_its_way(batch)


def share_text(share: float) -> str:
    """Return a share as text: ``91 %``, ``< 1 %``, or ``all``, which is not rounded up to."""
    if share >= 1:
        return "all"
    return "< 1 %" if share < _WORTH_A_WARNING else f"{min(round(share * 100), 99)} %"


def failed_share(batch: BatchProgress) -> float:
    """Return the share of images that failed, 0 to 1, of those that were tried."""
    return batch.images_failed / max(batch.images_ok + batch.images_failed, 1)


def refused_share(batch: BatchProgress) -> float:
    """Return the share of rows, 0 to 1, that were refused because something is wrong with them."""
    return min(_wrong(batch.refused) / max(batch.rows_read, 1), 1)


def _wrong(refused: Mapping[str, int]) -> int:
    return sum(count for reason, count in refused.items() if reason not in _INTENDED)


def _is_built_again(batch: BatchProgress) -> bool:
    """Return whether windows of a batch that has reached its end are being built again."""
    return batch.status in ENDED_BATCHES and not batch.ended


def _on_its_way(batch: BatchProgress) -> BatchOutcome:
    again = _is_built_again(batch)
    if batch.status == "sending":
        return _outcome(OutcomeKind.SENDING, OutcomeLevel.BUSY, "sending rows")
    if not (batch.settled or again):
        return _outcome(OutcomeKind.PROCESSING, OutcomeLevel.BUSY, "processing rows")
    text = "building collages again" if again else "building collages"
    return _outcome(OutcomeKind.BUILDING, OutcomeLevel.BUSY, text)


def _abandoned(batch: BatchProgress) -> BatchOutcome:
    if batch.status != ABANDONED_BATCH:
        return _outcome(OutcomeKind.ENDING, OutcomeLevel.BUSY, "ending, abandoned")
    text = f"abandoned · {share_text(failed_share(batch))} failed" if batch.images_failed else ""
    return _outcome(OutcomeKind.ABANDONED, OutcomeLevel.BAD, text or "abandoned")


def _at_its_end(batch: BatchProgress) -> BatchOutcome:
    failed, refused = failed_share(batch), refused_share(batch)
    if refused >= 1:
        return _outcome(OutcomeKind.ALL_REFUSED, OutcomeLevel.BAD, "all refused")
    if refused > failed and refused >= _WORTH_A_WARNING:
        text = f"ended · {share_text(refused)} refused"
        return _outcome(OutcomeKind.REFUSED, _level(refused), text)
    if batch.images_failed:
        return _outcome(OutcomeKind.FAILED, _level(failed), f"ended · {share_text(failed)} failed")
    if not batch.rows_accepted:
        text = "ended · nothing new" if batch.rows_read else "ended · no rows"
        return _outcome(OutcomeKind.NOTHING_NEW, OutcomeLevel.GOOD, text)
    return _outcome(OutcomeKind.ENDED, OutcomeLevel.GOOD, "ended")


def _level(share: float) -> OutcomeLevel:
    if share >= _BAD:
        return OutcomeLevel.BAD
    return OutcomeLevel.WARN if share >= _WORTH_A_WARNING else OutcomeLevel.GOOD


def _outcome(kind: OutcomeKind, level: OutcomeLevel, text: str) -> BatchOutcome:
    return BatchOutcome(kind=kind, level=level, text=text)
