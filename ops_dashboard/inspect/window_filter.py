"""Which windows of a stack to list. Pure.

An index entry has part of a window's attributes, so a filter is asked twice: `selects` about the
entry, `matches` about the window itself. Which status a window has before it ends is in its item
only, so a filter that `needs_items` is asked about items at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from collage_lambda.reasons import FailureReason
from ops_dashboard.inspect.window_record import WindowRecord
from stream_ingest.contracts import table
from stream_ingest.contracts.table import WindowStatus
from stream_ingest.contracts.timestamps import iso_second

FAILING = (WindowStatus.PARTIAL, WindowStatus.FAILED)
"""Statuses of windows with failures."""
NO_REASON = "no_reason"
"""Stands beside the reasons: a window that failed as a whole, such as one that cannot be read."""
WINDOW_REASONS = (*map(str, FailureReason), table.ABANDONED_REASON, NO_REASON)
_PASSING = frozenset(
    (*(each for each in FailureReason if each.is_passing), table.ABANDONED_REASON, NO_REASON)
)


class WindowFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which windows to list; None means any."""

    status: WindowStatus | None = None
    batch_id: str | None = None
    creator: str | None = None
    """The name of a creator as it is stored."""
    creator_part: str | None = None
    """A part of creators' names; upper and lower case are the same."""
    since: datetime | None = None
    """When it closed: at this time or later, …"""
    until: datetime | None = None
    """… and before this time."""
    has_failures: bool = False
    """Partial and failed windows only. So do the next two."""
    reason: str | None = None
    """A reason for one of its empty cells, or `NO_REASON`."""
    passing: bool | None = None
    """Whether a retry may help (`may_pass`)."""

    @property
    def _is_failing(self) -> bool:
        """Whether only windows with failures match."""
        return self.has_failures or self.reason is not None or self.passing is not None

    @property
    def statuses(self) -> tuple[WindowStatus, ...]:
        """The possible statuses, in the order of a window's life."""
        possible = FAILING if self._is_failing else tuple(WindowStatus)
        return tuple(each for each in possible if self.status in (None, each))

    @property
    def stored_statuses(self) -> tuple[WindowStatus, ...]:
        """What the attribute ``status`` of such windows may be."""
        possible = (table.stored_statuses(each) for each in self.statuses)
        return tuple(dict.fromkeys(each for statuses in possible for each in statuses))

    @property
    def needs_items(self) -> bool:
        """Whether index entries do not say which windows may match."""
        return self.status is not None and self.status in table.OPEN

    @property
    def finds_items(self) -> bool:
        """Whether items are read in place of index entries."""
        return self.creator is not None or self.needs_items

    @property
    def ended_status(self) -> WindowStatus | None:
        """The status that is asked for, if indexes have it."""
        return None if self.needs_items else self.status

    @property
    def is_narrow(self) -> bool:
        """Whether many windows that an index returns for it may not match."""
        given = (self.batch_id, self.creator_part, self.reason, self.passing)
        return self.needs_items or any(each is not None for each in given)

    @property
    def attributes(self) -> tuple[str, ...]:
        """The attributes of an index entry by which `selects` decides."""
        given = {
            "status": True,
            "batch_id": self.batch_id is not None,
            "creator": self.creator_part is not None,
            **dict.fromkeys(("failures", "error"), self._is_failing),
        }
        return tuple(name for name, is_given in given.items() if is_given)

    def selects(self, entry: Mapping[str, Any]) -> bool:
        """Return whether an index entry, or an item, may be of a window that matches."""
        failures = entry.get("failures")
        return (
            self._is_in(table.window_status({"status": "", **entry}))
            and self.batch_id in (None, entry.get("batch_id"))
            and self._is_of(str(entry.get("creator", "")))
            and self._fails(failures if isinstance(failures, dict) else {}, entry.get("error"))
        )

    def matches(self, window: WindowRecord) -> bool:
        """Return whether a window matches; an index may have returned it with an old status."""
        closed_at = datetime.fromisoformat(window.closed_at)
        return (
            self._is_in(window.status)
            and self.batch_id in (None, window.batch_id)
            and self.creator in (None, window.creator)
            and self._is_of(window.creator)
            and self._fails(window.failures, window.error)
            and (self.since is None or closed_at >= self.since)
            and (self.until is None or closed_at < self.until)
        )

    def may_precede(self, item: Mapping[str, Any]) -> bool:
        """Return whether windows that closed before this one may match."""
        return self.since is None or str(item[table.CLOSED_AT]) >= iso_second(self.since)[:10]

    def _is_in(self, status: str) -> bool:
        """A window whose item cannot be read is listed if no status is asked for."""
        statuses = self.statuses
        return len(statuses) == len(WindowStatus) or status in statuses

    def _is_of(self, creator: str) -> bool:
        return self.creator_part is None or self.creator_part.lower() in creator.lower()

    def _fails(self, failures: Mapping[str, object], error: str | None) -> bool:
        if self.reason is not None and self.reason not in reasons(failures, error):
            return False
        return self.passing in (None, may_pass(failures, error))


def reasons(failures: Mapping[str, object], error: str | None) -> tuple[str, ...]:
    """Return why a window has failures: its cells' reasons, or `NO_REASON` for an error alone."""
    return tuple(failures) or ((NO_REASON,) if error else ())


def may_pass(failures: Mapping[str, object], error: str | None) -> bool:
    """Return whether some of a window's failures may have passed, so that a retry may help."""
    return any(reason in _PASSING for reason in reasons(failures, error))
