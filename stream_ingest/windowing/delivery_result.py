"""The result of folding a delivery of the stream, as a value. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.contracts.events import WindowReady
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.fold import Arrival
from stream_ingest.windowing.rules.state import CreatorState, Tally

if TYPE_CHECKING:
    from stream_ingest.windowing.repository import Update

Failures = dict[int, str]
"""Sequence numbers that must be delivered again, with the reason."""


class DeliveryResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one delivery, or of a part of it."""

    accepted: int = 0
    """Rows added to a window; `duplicates` and `resent` rows were not added."""
    duplicates: int = 0
    blocked: int = 0
    """Rows of erased creators."""
    resent: int = 0
    """Rows that had been folded before."""
    conflicts: int = 0
    windows: tuple[WindowReady, ...] = ()
    """Events of the windows that closed."""
    not_emitted: tuple[str, ...] = ()
    """Ids of windows that the bus refused; the sweeper emits them."""
    quarantined: int = 0
    poison: dict[int, str] = {}
    """Sequence numbers of records on which folding failed, with the exception."""
    deferred: int = 0
    """Rows that wait until their creator's state can be read."""
    unreadable: dict[str, str] = {}
    """Keys of items that cannot be read, with what is wrong."""
    failures: Failures = {}


def merge_results(results: Iterable[DeliveryResult]) -> DeliveryResult:
    """Return the sum of results, in their order. Pure."""
    parts = list(results)
    return DeliveryResult(
        accepted=sum(each.accepted for each in parts),
        duplicates=sum(each.duplicates for each in parts),
        blocked=sum(each.blocked for each in parts),
        resent=sum(each.resent for each in parts),
        conflicts=sum(each.conflicts for each in parts),
        windows=tuple(window for each in parts for window in each.windows),
        not_emitted=tuple(name for each in parts for name in each.not_emitted),
        quarantined=sum(each.quarantined for each in parts),
        poison={at: why for each in parts for at, why in each.poison.items()},
        deferred=sum(each.deferred for each in parts),
        unreadable={key: why for each in parts for key, why in each.unreadable.items()},
        failures={at: why for each in parts for at, why in each.failures.items()},
    )


def result_of(update: Update, arrivals: Sequence[Arrival]) -> DeliveryResult:
    """Return the result of one update, which was given `arrivals`."""
    change = update.change
    if change is None:
        resent = 0 if update.lost else len(arrivals)  # there is no change only if all were resent
        return DeliveryResult(resent=resent, conflicts=update.conflicts)
    gained = _gained(update.before, change)
    return DeliveryResult(
        accepted=gained.accepted,
        duplicates=gained.duplicates,
        blocked=gained.blocked,
        resent=change.resent,
        conflicts=update.conflicts,
        windows=update.windows,
    )


def _gained(before: CreatorState, change: Change) -> Tally:
    """Return the sum that a change added to all tallies."""
    total = sum(change.spilled.values(), change.state.tally)
    return Tally(
        total.accepted - before.tally.accepted,
        total.duplicates - before.tally.duplicates,
        total.windows - before.tally.windows,
        total.blocked - before.tally.blocked,
    )
