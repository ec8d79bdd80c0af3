"""Windows whose time has come: emitted again, or given up on with a reason. Edge (DynamoDB).

A window is overdue when its event was never marked as sent, when it waited too long for a worker,
or when the worker that had it is gone. It is emitted again, until it has been tried as often as its
message may be received, or emitted too often for nothing; then it is ``failed``, so that no window
is ever stuck, and `ops-dashboard retry --failed` or a redrive takes it up once more. A window that
has a collage (a replay of it went wrong) keeps it and is again what it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from enum import Enum
from typing import TYPE_CHECKING, Any

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError, DecodeError
from stream_ingest.contracts.events import CollageFailed, WindowReady
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.rules.outbox import expand_event

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MAX_EMISSIONS = 5
"""Times an event is emitted without any worker taking the window up."""
ABANDONED = "abandoned"
"""The reason under which the images of a window that was given up on are counted."""


class Verdict(Enum):
    """What is to become of an overdue window."""

    LEAVE = "leave"
    EMIT = "emit"
    GIVE_UP = "give up"


class Overdue(msgspec.Struct, frozen=True, kw_only=True):
    """A window's status item, as far as a verdict needs it."""

    key: str
    item: str
    window_id: str
    creator: str
    batch_id: str
    trigger: str
    status: str
    image_count: int
    attempts: int = 0
    emissions: int = 0
    lease_until: int = 0
    images_ok: int = 0
    """Images in the collage of an earlier build; 0 where there is none."""


def verdict(window: Overdue, now_s: int, max_attempts: int) -> Verdict:
    """Return what is to become of a window that an index said is due. Pure."""
    if window.status in table.ENDED:
        return Verdict.LEAVE  # the index lags
    if window.status == table.WindowStatus.PROCESSING and window.lease_until >= now_s:
        return Verdict.LEAVE
    if window.attempts >= max_attempts or window.emissions >= MAX_EMISSIONS:
        return Verdict.GIVE_UP
    return Verdict.EMIT


def why_given_up(window: Overdue) -> str:
    """Return the reason in words. Pure."""
    if window.attempts:
        return f"no worker ended it in {window.attempts} attempts; see its dead letter and logs"
    return f"emitted {window.emissions} times, but no worker took it up; see `ops-dashboard dlq`"


class OverdueWindows:
    """Reads overdue windows, judges them and acts."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        dynamodb: DynamoDBClient,
        table_name: str,
        emitter: Emitter,
        threads: Executor,
        clock: Callable[[], float],
        max_attempts: int,
    ) -> None:
        """Give up after `max_attempts` claims; `clock` gives epoch seconds."""
        self._dynamodb, self._table, self._emitter = dynamodb, table_name, emitter
        self._threads, self._clock, self._max_attempts = threads, clock, max_attempts

    def act(self, keys: Sequence[Item]) -> tuple[list[WindowReady], list[str]]:
        """Give up on what is hopeless; return the events to emit and the ids of those given up.

        Each key has the table's two key attributes.
        """
        judged = list(self._threads.map(self._judge, keys))
        events = [event for event, _ in judged if event is not None]
        return events, [window_id for _, window_id in judged if window_id is not None]

    def _judge(self, key: Item) -> tuple[WindowReady | None, str | None]:
        window = self._load(key)
        if window is None:
            return None, None
        choice = verdict(window, int(self._clock()), self._max_attempts)
        if choice is Verdict.LEAVE:
            return None, None
        event = self._event(window) if choice is Verdict.EMIT else None
        if event is not None:
            return event, None
        if window.images_ok:
            self._keep(window)
            return None, None
        why = why_given_up(window) if choice is Verdict.GIVE_UP else "its event cannot be read"
        return None, window.window_id if self._give_up(window, why) else None

    def _load(self, key: Item) -> Overdue | None:
        item = self._get(key[table.PARTITION_KEY], key[table.SORT_KEY])
        if item is None:
            return None
        numbers = ("image_count", "attempts", "emissions", "lease_until", "images_ok")
        return Overdue(
            key=item[table.PARTITION_KEY],
            item=item[table.SORT_KEY],
            window_id=item["window_id"],
            creator=item["creator"],
            batch_id=item["batch_id"],
            trigger=item["trigger"],
            status=item["status"],
            **{name: int(item.get(name, 0)) for name in numbers},
        )

    def _event(self, window: Overdue) -> WindowReady | None:
        """Return a window's event as it was stored; None for one that this code cannot read."""
        number = int(window.item.partition("#")[2])
        item = self._get(window.key, table.images_item(number))
        if item is None:
            return None
        try:
            return expand_event(bytes(item["detail"]))
        except DecodeError:
            return None

    def _get(self, key: str, sort_key: str) -> Item | None:
        with map_errors("read an overdue window"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=to_wire({table.PARTITION_KEY: key, table.SORT_KEY: sort_key}),
                ConsistentRead=True,
            )
        return from_wire(answer["Item"]) if "Item" in answer else None

    def _give_up(self, window: Overdue, why: str) -> bool:
        """Tell the bus and note the window as failed, unless a worker was quicker."""
        failures = {ABANDONED: window.image_count}
        told = self._emitter.emit(
            CollageFailed(
                window_id=window.window_id,
                creator=window.creator,
                batch_id=window.batch_id,
                trigger=window.trigger,
                metadata_key=None,
                images_failed=window.image_count,
                failures=failures,
                reason=why,
            )
        )
        return told and self._note_failed(window, why, failures)

    def _keep(self, window: Overdue) -> bool:
        """Note a window as what its collage makes it, unless a worker was quicker."""
        status = table.collage_status(window.images_ok, window.image_count)
        return self._end(window, status=str(status))

    def _note_failed(self, window: Overdue, why: str, failures: dict[str, int]) -> bool:
        return self._end(
            window,
            status=str(table.WindowStatus.FAILED),
            error=why,
            failures=failures,
            images_ok=0,
            images_failed=window.image_count,
            completed_at=from_epoch_s(int(self._clock())).isoformat(),
        )

    def _end(self, window: Overdue, **attributes: object) -> bool:
        values = {f":{name}": value for name, value in attributes.items()}
        update: Any = {
            "TableName": self._table,
            "Key": to_wire({table.PARTITION_KEY: window.key, table.SORT_KEY: window.item}),
            "UpdateExpression": f"SET {', '.join(f'#{name} = :{name}' for name in attributes)}"
            " REMOVE due_shard, due_at, lease_owner, lease_until",
            "ConditionExpression": "#status = :seen"
            " AND (attribute_not_exists(attempts) OR attempts = :attempts)",
            "ExpressionAttributeNames": {f"#{name}": name for name in attributes},
            "ExpressionAttributeValues": to_wire(
                values | {":seen": window.status, ":attempts": window.attempts}
            ),
        }
        try:
            with map_errors(f"end overdue {window.window_id}"):
                self._dynamodb.update_item(**update)
        except ConflictError:
            return False  # a worker has claimed or ended it since
        return True
