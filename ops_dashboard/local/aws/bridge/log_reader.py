"""Reads a function's log, each line once. Edge (CloudWatch Logs of ministack).

ministack writes an invocation's lines when it has ended, all at once, into a log stream of their
own. So a stream that was seen is done with, and one with the newest time stamp may be incomplete
only where the answer was cut off.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ops_dashboard.local.aws.clients import Clients

_MOST_EVENTS = 10_000
"""FilterLogEvents answers with so many, and ministack gives no token for the rest."""
_OVERLAP_MS = 5_000
"""A line is stamped a moment before it can be read; so far back is looked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line and when it was written (epoch milliseconds)."""

    message: str
    timestamp_ms: int


class LogReader:
    """Follows one log group."""

    def __init__(self, clients: Clients, group: str, newest_ms: int = 0) -> None:
        """Follow `group` from behind the millisecond of a line that was read in an earlier run."""
        self._logs, self._group = clients.untyped("logs"), group
        self._seen: dict[str, int] = {}
        self.newest_ms = newest_ms
        """When the newest line that was read was written."""
        self._least_ms = newest_ms + 1
        self._from_ms = self._least_ms

    def read(self) -> Iterator[LogLine]:
        """Yield all lines that are new; read it to its end before the next call."""
        while True:
            events: list[dict[str, Any]] = self._logs.filter_log_events(
                logGroupName=self._group, startTime=self._from_ms, limit=_MOST_EVENTS
            )["events"]
            if len(events) < _MOST_EVENTS:
                yield from self._new(events)
                if events:
                    self._go_to(events[-1]["timestamp"] - _OVERLAP_MS)
                return
            cut_ms = events[-1]["timestamp"]
            whole = [event for event in events if event["timestamp"] < cut_ms]
            if not whole:
                msg = f"{self._group}: {_MOST_EVENTS} lines within a millisecond"
                raise RuntimeError(msg)
            yield from self._new(whole)
            self._go_to(cut_ms)

    def _new(self, events: list[dict[str, Any]]) -> Iterator[LogLine]:
        fresh = [event for event in events if event["logStreamName"] not in self._seen]
        for event in fresh:
            yield LogLine(message=event["message"], timestamp_ms=event["timestamp"])
            self.newest_ms = max(self.newest_ms, event["timestamp"])
        self._seen |= {event["logStreamName"]: event["timestamp"] for event in fresh}

    def _go_to(self, moment_ms: int) -> None:
        """Go forward to a moment, and forget what was seen before it."""
        self._from_ms = max(self._from_ms, self._least_ms, moment_ms)
        self._seen = {name: at for name, at in self._seen.items() if at >= self._from_ms}
