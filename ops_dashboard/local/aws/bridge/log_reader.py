"""Reads a function's log, each line once. Edge (CloudWatch Logs of ministack).

ministack writes the lines of an invocation when it ends, all at once, into a separate log stream.
So a log stream that was read is complete, unless the response was truncated within it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ops_dashboard.local.aws.clients import Clients

_MAX_EVENTS = 10_000
"""FilterLogEvents returns this many, and ministack returns no token for the rest."""
_OVERLAP_MS = 5_000
"""A line becomes readable a moment after its time stamp, so this much is read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line and when it was written (epoch milliseconds)."""

    message: str
    timestamp_ms: int


class LogReader:
    """Reads one log group."""

    def __init__(self, clients: Clients, group: str, newest_ms: int = 0) -> None:
        """Read `group` from the millisecond after `newest_ms`, where an earlier run has stopped."""
        self._logs, self._group = clients.untyped("logs"), group
        self._seen: dict[str, int] = {}
        self.newest_ms = newest_ms
        """Time of the newest line read so far, in epoch milliseconds."""
        self._min_ms = newest_ms + 1
        self._from_ms = self._min_ms

    def read(self) -> Iterator[LogLine]:
        """Yield all new lines; the caller must exhaust it before the next call."""
        while True:
            events: list[dict[str, Any]] = self._logs.filter_log_events(
                logGroupName=self._group, startTime=self._from_ms, limit=_MAX_EVENTS
            )["events"]
            if len(events) < _MAX_EVENTS:
                yield from self._new(events)
                if events:
                    self._advance_to(events[-1]["timestamp"] - _OVERLAP_MS)
                return
            cut_ms = events[-1]["timestamp"]
            whole = [event for event in events if event["timestamp"] < cut_ms]
            if not whole:
                msg = f"{self._group}: {_MAX_EVENTS} lines within one millisecond"
                raise RuntimeError(msg)
            yield from self._new(whole)
            self._advance_to(cut_ms)

    def _new(self, events: list[dict[str, Any]]) -> Iterator[LogLine]:
        new = [event for event in events if event["logStreamName"] not in self._seen]
        for event in new:
            yield LogLine(message=event["message"], timestamp_ms=event["timestamp"])
            self.newest_ms = max(self.newest_ms, event["timestamp"])
        self._seen |= {event["logStreamName"]: event["timestamp"] for event in new}

    def _advance_to(self, moment_ms: int) -> None:
        """Read from `moment_ms` next time, and drop the log streams seen before it."""
        self._from_ms = max(self._from_ms, self._min_ms, moment_ms)
        self._seen = {name: at for name, at in self._seen.items() if at >= self._from_ms}
