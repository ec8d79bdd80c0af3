"""Emit events from the outbox to the event bus. Edge (EventBridge, DynamoDB, S3).

A window's event is emitted after its transaction and marked ``queued`` once the bus has
accepted it. A window that is not marked stays ``ready`` and due, and the sweeper emits it again: at
least once, with the same content each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.request_groups import group_by_weight
from stream_ingest.contracts import window_lifecycle
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.event_model import Event
from stream_ingest.contracts.events import Source, WindowReady, encode_detail
from stream_ingest.windowing.overflow import fitting_detail
from stream_ingest.windowing.window_repository import WindowRepository

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_s3 import S3Client

_MAX_ENTRIES = 10
_MAX_REQUEST_BYTES = 900_000
"""PutEvents takes 10 entries and less than 1 MB in all."""
_ENTRY_OVERHEAD = 256


class Entry(msgspec.Struct, frozen=True):
    """An event with its detail encoded."""

    event: Event
    detail: str


class Emitter:
    """Puts events on the bus and checks the response entry by entry."""

    def __init__(  # noqa: PLR0913 - three clients and where each of them writes
        self,
        *,
        events: EventBridgeClient,
        dynamodb: DynamoDBClient,
        s3: S3Client,
        bus: str,
        table_name: str,
        temp_bucket: str,
        source: Source,
        threads: Executor,
        clock: Callable[[], float],
    ) -> None:
        """Emit as `source`; `threads` mark several windows at once."""
        self._events, self._s3 = events, s3
        self._windows = WindowRepository(dynamodb, table_name)
        self._bus, self._temp_bucket = bus, temp_bucket
        self._source, self._threads, self._clock = source, threads, clock

    def emit_windows(self, windows: Sequence[WindowReady]) -> list[str]:
        """Emit windows and mark them queued; return the ids of those that the bus refused."""
        entries = list(self._threads.map(self._fit, windows))
        taken, refused = self._put(entries)
        list(self._threads.map(self._mark_queued, taken))
        return [event.window_id for event in refused if isinstance(event, WindowReady)]

    def emit(self, event: Event) -> bool:
        """Emit one event; return whether the bus accepted it."""
        taken, _ = self._put([Entry(event, encode_detail(event))])
        return bool(taken)

    def _fit(self, event: WindowReady) -> Entry:
        return Entry(event, fitting_detail(event, self._s3, self._temp_bucket))

    def _put(self, entries: Iterable[Entry]) -> tuple[list[Event], list[Event]]:
        taken: list[Event] = []
        refused: list[Event] = []
        for request in requests(entries):
            with map_errors("put events"):
                answer = self._events.put_events(
                    Entries=[
                        {
                            "EventBusName": self._bus,
                            "Source": self._source,
                            "DetailType": entry.event.detail_type(),
                            "Detail": entry.detail,
                        }
                        for entry in request
                    ]
                )
            for entry, result in zip(request, answer["Entries"], strict=True):
                (taken if result.get("EventId") else refused).append(entry.event)
        return taken, refused

    def _mark_queued(self, event: Event) -> None:
        if not isinstance(event, WindowReady):
            return
        move = window_lifecycle.queue(int(self._clock()))
        try:
            self._windows.move(event.window_id, move)
        except ConflictError:
            return  # a collage worker has claimed it already, which is a later status than queued


def requests(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Group entries into PutEvents requests of at most 10 entries and 900 KB."""
    return group_by_weight(
        entries,
        weigh=lambda entry: len(entry.detail.encode()) + _ENTRY_OVERHEAD,
        max_count=_MAX_ENTRIES,
        max_weight=_MAX_REQUEST_BYTES,
    )
