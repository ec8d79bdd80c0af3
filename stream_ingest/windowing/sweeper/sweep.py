"""What a sweep did, as a value. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from stream_ingest.contracts.events import WindowReady


class SweptWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window that a sweep closed, or emitted `again`, and whether the bus took its event."""

    event: WindowReady
    again: bool
    emitted: bool


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """What one sweep did, or a part of it."""

    closed: int = 0
    emitted: int = 0
    not_emitted: int = 0
    lost_races: int = 0
    """Commits that were refused because another writer was first."""
    abandoned: tuple[str, ...] = ()
    """Ids of windows that were set to ``failed`` because no worker built them."""
    files_started: tuple[str, ...] = ()
    """Batches of files below ``csv-files/`` that no job knew."""
    covers_requested: int = 0
    """Covers about to expire that were requested from the prefetcher."""
    batches_flushed: tuple[str, ...] = ()
    batches_ended: tuple[str, ...] = ()
    batches_abandoned: tuple[str, ...] = ()
    """Of the batches that ended, those that somebody had abandoned."""
    batches_rejected: tuple[str, ...] = ()
    """Of the batches that ended, files of which no row could be used."""
    batches_incomplete: tuple[str, ...] = ()
    """Of the batches that ended, those of which rows or end marks never arrived."""
    refused: dict[str, int] = {}
    """Refused rows of the batches that ended, by reason."""
    unreadable: tuple[str, ...] = ()
    """Keys of the items that cannot be read."""
    errors: tuple[Exception, ...] = ()
    """Errors of other items, which the sweep went on without."""


def merge_sweeps(parts: Iterable[Sweep]) -> Sweep:
    """Return the sum of the parts of a sweep, in their order. Pure."""
    sweeps = list(parts)
    refused: Counter[str] = Counter()
    for each in sweeps:
        refused.update(each.refused)
    return Sweep(
        closed=sum(each.closed for each in sweeps),
        emitted=sum(each.emitted for each in sweeps),
        not_emitted=sum(each.not_emitted for each in sweeps),
        lost_races=sum(each.lost_races for each in sweeps),
        abandoned=tuple(name for each in sweeps for name in each.abandoned),
        files_started=tuple(name for each in sweeps for name in each.files_started),
        covers_requested=sum(each.covers_requested for each in sweeps),
        batches_flushed=tuple(name for each in sweeps for name in each.batches_flushed),
        batches_ended=tuple(name for each in sweeps for name in each.batches_ended),
        batches_abandoned=tuple(name for each in sweeps for name in each.batches_abandoned),
        batches_rejected=tuple(name for each in sweeps for name in each.batches_rejected),
        batches_incomplete=tuple(name for each in sweeps for name in each.batches_incomplete),
        refused=dict(refused),
    )
