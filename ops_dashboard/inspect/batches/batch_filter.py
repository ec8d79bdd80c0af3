"""Which batches to list, by what became of them, by trigger and by time. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import msgspec

from stream_ingest.batches.outcome import OutcomeKind
from stream_ingest.batches.progress import ENDED_BATCHES, OPEN_BATCHES
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.timestamps import iso_second
from stream_ingest.contracts.triggers import Trigger

OPEN, PROBLEMS = "open", "problems"
OUTCOMES: Mapping[str, frozenset[OutcomeKind]] = {
    OPEN: frozenset(kind for kind in OutcomeKind if kind.is_open),
    PROBLEMS: frozenset(
        (
            *(OutcomeKind.FAILED, OutcomeKind.REFUSED, OutcomeKind.ALL_REFUSED),
            *(OutcomeKind.REJECTED, OutcomeKind.ABANDONED, OutcomeKind.UNREADABLE),
        )
    ),
    **{str(kind): frozenset((kind,)) for kind in OutcomeKind},
}
"""Kinds of outcomes by what a filter calls them."""
_AT_ITS_END = ("sent", "flushed", "ended")
"""Until the sweeper has seen it, a batch whose last window has ended has the status before."""
_STATUSES: dict[OutcomeKind, tuple[str, ...]] = {
    OutcomeKind.SENDING: ("sending",),
    OutcomeKind.PROCESSING: ("sent", "flushed"),
    OutcomeKind.BUILDING: (*_AT_ITS_END, "abandoned"),
    OutcomeKind.ENDING: ("abandoning", "flushed"),
    OutcomeKind.REJECTED: ("rejecting", "rejected"),
    OutcomeKind.ABANDONED: ("abandoned",),
    OutcomeKind.UNREADABLE: (*OPEN_BATCHES, *ENDED_BATCHES),
}
"""Statuses that batches of a kind may have; those of all other kinds are at their end."""


class BatchFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which batches to list."""

    kinds: frozenset[OutcomeKind] = frozenset()
    """Kinds of outcomes; empty means any."""
    trigger: str | None = None
    since: str = "0"
    until: str = "9"
    """When they were registered, as `table.CLOSED_AT` has it: from `since`, and before `until`."""

    def statuses(self) -> tuple[str, ...]:
        """Return the statuses in which such batches may be."""
        kinds = self.kinds or {OutcomeKind.UNREADABLE}
        found = {status for kind in kinds for status in _STATUSES.get(kind, _AT_ITS_END)}
        return tuple(each for each in (*OPEN_BATCHES, *ENDED_BATCHES) if each in found)

    @property
    def first_day(self) -> str:
        """Where its range begins in an index; batches of older versions have a day there."""
        return self.since[:10]

    def may_include(self, entry: Mapping[str, Any]) -> bool:
        """Return whether an index entry may be of a batch in the range of time."""
        at = str(entry[table.CLOSED_AT])
        return _is_day(at) or self.since <= at < self.until

    def includes(self, item: Mapping[str, Any]) -> bool:
        """Return whether a batch's item is of the trigger and in the range of time."""
        at = str(item.get(table.CLOSED_AT, ""))
        if _is_day(at):
            at = f"{item.get('started_at', at)!s:.19}Z"
        return self.trigger in {None, item.get("trigger")} and self.since <= at < self.until


def batch_filter(
    *,
    outcome: str | None,
    trigger: str | None,
    since: datetime | None,
    until: datetime | None,
) -> BatchFilter:
    """Return the filter of what a person chose.

    Raises `UserError` for an unknown outcome or trigger.
    """
    _check("outcome", outcome, OUTCOMES)
    _check("trigger", trigger, tuple(Trigger))
    default = BatchFilter()
    return BatchFilter(
        kinds=OUTCOMES[outcome] if outcome else default.kinds,
        trigger=trigger,
        since=iso_second(since) if since else default.since,
        until=iso_second(until) if until else default.until,
    )


def _check(what: str, value: str | None, known: Collection[str]) -> None:
    if value is not None and value not in known:
        msg = f"{what} {value[:40]!r}: expected one of {', '.join(known)}"
        raise UserError(msg)


def _is_day(at: str) -> bool:
    return "T" not in at
