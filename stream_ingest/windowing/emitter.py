"""Events out of the outbox onto the bus. Edge (EventBridge, DynamoDB, S3).

A window's event is emitted after its transaction and marked ``queued`` once the bus has taken it.
Whatever is not marked stays ``ready`` and due, and the sweeper emits it again: at least once, with
the same content each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import to_wire
from stream_ingest.aws.request_groups import group_by_weight
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.events import Event, Source, WindowReady, encode_detail
from stream_ingest.contracts.naming import split_window_id
from stream_ingest.windowing.overflow import fitting_detail

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_s3 import S3Client

REQUEUE_AFTER_S = 6 * 3_600
"""A window that is still ``queued`` after this long is emitted again by the sweeper.

Longer than any backlog that a collage queue should have: what still waits there is only doubled.
"""
_MAX_ENTRIES = 10
_MAX_REQUEST_BYTES = 900_000
"""PutEvents takes 10 entries and less than 1 MB in all."""
_ENTRY_OVERHEAD = 256


class Entry(msgspec.Struct, frozen=True):
    """An event with its detail encoded."""

    event: Event
    detail: str


class Emitter:
    """Puts events on the bus and checks the answer entry by entry."""

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
        self._events, self._dynamodb, self._s3 = events, dynamodb, s3
        self._bus, self._table, self._temp_bucket = bus, table_name, temp_bucket
        self._source, self._threads, self._clock = source, threads, clock

    def emit_windows(self, windows: Sequence[WindowReady]) -> list[str]:
        """Emit windows and mark them queued; return the ids of those the bus did not take."""
        entries = list(self._threads.map(self._fit, windows))
        taken, refused = self._put(entries)
        list(self._threads.map(self._mark_queued, taken))
        return [event.window_id for event in refused if isinstance(event, WindowReady)]

    def emit(self, event: Event) -> bool:
        """Emit one event; tell whether the bus took it."""
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
        key, number = split_window_id(event.window_id)
        now_s = int(self._clock())
        update: Any = {
            "TableName": self._table,
            "Key": to_wire({table.PARTITION_KEY: key, table.SORT_KEY: table.window_item(number)}),
            "UpdateExpression": "SET #status = :queued, due_at = :due ADD emissions :one",
            "ConditionExpression": "#status IN (:ready, :queued)"
            " OR (#status = :processing AND lease_until < :now)",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": to_wire(
                {
                    ":ready": str(table.WindowStatus.READY),
                    ":queued": str(table.WindowStatus.QUEUED),
                    ":processing": str(table.WindowStatus.PROCESSING),
                    ":now": now_s,
                    ":due": now_s + REQUEUE_AFTER_S,
                    ":one": 1,
                }
            ),
        }
        try:
            with map_errors(f"mark {event.window_id} queued"):
                self._dynamodb.update_item(**update)
        except ConflictError:
            return  # a collage worker has it already: further along than queued


def requests(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Group entries into PutEvents requests of at most 10 entries and 900 KB."""
    return group_by_weight(
        entries,
        weigh=lambda entry: len(entry.detail.encode()) + _ENTRY_OVERHEAD,
        max_count=_MAX_ENTRIES,
        max_weight=_MAX_REQUEST_BYTES,
    )
