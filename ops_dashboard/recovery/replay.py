"""Replays of a time range from the archive. Edge (EventBridge).

EventBridge's archive lags by minutes, so a range that ends within the last ten minutes gives a
warning. Windows of one creator, chosen windows and retries are sent from the table instead
(`rebuild`), with the same content.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ops_dashboard.inspect.window_filter import FAILING, may_pass
from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.inspect.windows import WindowReader
from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.stack_outputs import StackOutputs

if TYPE_CHECKING:
    from types_boto3_events import EventBridgeClient

ARCHIVE_LAG = timedelta(minutes=10)
"""Maximum lag of an archive (EventBridge User Guide: wait ten minutes before a replay)."""
_ENDED_REPLAY = frozenset({"IllegalStatusException", "ResourceNotFoundException"})
"""Codes of a replay that cannot be cancelled any more."""
_ENDED_EMBEDDED_REPLAY = ("ValidationException", "Replay is already completed")
"""The embedded AWS's code and message of such a replay."""


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

    def cancel(self, name: str) -> None:
        """Stop a replay; what is on the bus already stays there. Does nothing once it has ended."""
        try:
            with map_errors("cancel a replay"):
                self._events.cancel_replay(ReplayName=name)
        except ClientError as error:
            if not _has_ended(error):
                raise


def _has_ended(error: ClientError) -> bool:
    """Return whether a replay could not be cancelled because it has ended."""
    code, message = error_code(error), error.response.get("Error", {}).get("Message", "")
    return code in _ENDED_REPLAY or (code, message) == _ENDED_EMBEDDED_REPLAY


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
    return window.status in FAILING and may_pass(window.failures, window.error)


def replay_name(kind: str, now: datetime | None = None) -> str:
    """Return a new name; AWS keeps the names of replays for 90 days."""
    return f"{kind}-{now or datetime.now(UTC):%Y%m%dT%H%M%S-%f}"
