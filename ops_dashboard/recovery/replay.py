"""Replays of a time range from the archive, and the progress of replays. Edge (EventBridge).

EventBridge's archive lags by minutes, so a range that ends within the last ten minutes gives a
warning. Windows of one creator, chosen windows and retries are sent from the table instead
(`rebuild`), with the same content.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from collage_lambda.reasons import FailureReason
from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.inspect.windows import WindowReader
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.stack_outputs import StackOutputs

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

ARCHIVE_LAG = timedelta(minutes=10)
"""Maximum lag of an archive (EventBridge User Guide: wait ten minutes before a replay)."""
KEPT = "kept"
"""Stands beside statuses: a rebuild that was worse did not replace the collage."""
_PASSING = frozenset(str(reason) for reason in FailureReason if reason.is_passing)
_POLL_S = 1.0
_CHECKED_AT_ONCE = 200


class ReplayResult(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a replay or retry."""

    name: str
    windows: int
    by_status: dict[str, int]
    """Ended windows by `rebuild_status`."""
    waiting: int = 0
    """Windows that had not ended when waiting timed out."""


def summary_of(end: ReplayResult) -> str:
    """Return, such as ``2 of 3 rebuilt (2 completed); 1 kept its earlier collage``."""
    kept = end.by_status.get(KEPT, 0)
    by_status = ", ".join(
        f"{count:,} {status}" for status, count in end.by_status.items() if status != KEPT
    )
    rebuilt = f"{end.windows - end.waiting - kept:,} of {end.windows:,} rebuilt"
    rebuilt += f" ({by_status})" if by_status else ""
    return f"{rebuilt}; {kept:,} kept the earlier collage (see trace)" if kept else rebuilt


class ArchiveReplay:
    """Replays a time range from one stack's archive, to the collage rule only."""

    def __init__(self, events: EventBridgeClient, outputs: StackOutputs) -> None:
        """Work on one stack."""
        self._events, self._outputs = events, outputs

    def start(self, name: str, start: datetime, end: datetime) -> None:
        """Start a replay; raises `UserError` for an empty range."""
        if start >= end:
            msg = f"--from {start:%Y-%m-%dT%H:%M} is not before --to {end:%Y-%m-%dT%H:%M}"
            raise UserError(msg)
        bus = self._outputs.archive_arn.partition(":archive/")[0]
        with map_errors("start a replay"):
            self._events.start_replay(
                ReplayName=name,
                EventSourceArn=self._outputs.archive_arn,
                EventStartTime=start,
                EventEndTime=end,
                Destination={
                    "Arn": f"{bus}:event-bus/{self._outputs.bus_name}",
                    "FilterArns": [self._outputs.window_rule_arn],
                },
            )


def lag_warning(end: datetime, now: datetime) -> str | None:
    """Return a warning for a range that ends within the archive's lag, else None."""
    safe = now - ARCHIVE_LAG
    if end <= safe:
        return None
    return (
        f"The archive may lag by ten minutes: windows that closed after {safe:%Y-%m-%dT%H:%M:%SZ}"
        " may be missing from this replay. Running it again later is safe."
    )


def closed_between(reader: WindowReader, start: datetime, end: datetime) -> Iterator[WindowRecord]:
    """Yield the ended windows that closed in a range."""
    for status in sorted(table.ENDED):
        yield from reader.closed_between(status, start, end)


def is_retryable(window: WindowRecord) -> bool:
    """Return whether a window is partial or failed for a reason that may have passed."""
    if window.status not in {table.WindowStatus.PARTIAL, table.WindowStatus.FAILED}:
        return False
    return bool(window.error) or not _PASSING.isdisjoint(window.failures)


def retryable(windows: Iterable[WindowRecord]) -> Iterator[str]:
    """Yield the ids of the windows of which `is_retryable` is true."""
    return (window.window_id for window in windows if is_retryable(window))


def rebuild_status(window: WindowRecord) -> str:
    """Return the status of a window that was rebuilt, or ``kept``: its collage was not replaced."""
    return KEPT if window.kept_because else window.status


def replay_name(kind: str, now: datetime | None = None) -> str:
    """Return a new name; AWS keeps the names of replays for 90 days."""
    return f"{kind}-{now or datetime.now(UTC):%Y%m%dT%H%M%S-%f}"


def follow(
    reader: WindowReader,
    window_ids: Iterable[str],
    name: str,
    *,
    timeout_s: float,
    report: Callable[[int, int], None],
) -> ReplayResult:
    """Wait until every window has ended again under `name`.

    Stops when no window has ended for `timeout_s`. `report` gets the number of ended windows and
    the total.
    """
    waiting = list(dict.fromkeys(window_ids))
    total = len(waiting)
    statuses: Counter[str] = Counter()
    last_end = time.monotonic()
    while waiting:
        checked, later = waiting[:_CHECKED_AT_ONCE], waiting[_CHECKED_AT_ONCE:]
        seen = [(window_id, reader.find(window_id)) for window_id in checked]
        ended = {
            window_id: rebuild_status(window)
            for window_id, window in seen
            if window and window.replayed_as == name and window.status in table.ENDED
        }
        statuses.update(ended.values())
        waiting = later + [window_id for window_id in checked if window_id not in ended]
        report(total - len(waiting), total)
        if ended:
            last_end = time.monotonic()
        elif time.monotonic() - last_end > timeout_s:
            break
        elif waiting:
            time.sleep(_POLL_S)
    return ReplayResult(name=name, windows=total, by_status=dict(statuses), waiting=len(waiting))
