"""Windows that are overdue: emitted again, or abandoned with a reason. Edge (DynamoDB).

`rules.overdue` decides. An abandoned window is ``failed``, and `ops-dashboard retry --failed` or a
redrive builds it again. A window that has a collage (a replay of it went wrong) keeps the collage
and gets its former status.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws.items import Item, decoding
from stream_ingest.contracts import table, window_lifecycle
from stream_ingest.contracts.errors import ConflictError, UnreadableItemError
from stream_ingest.contracts.events import CollageFailed, WindowReady
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.contracts.window_lifecycle import Move
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.rules.outbox import expand_event
from stream_ingest.windowing.rules.overdue import (
    EVENT_UNREADABLE,
    Action,
    OverdueWindow,
    abandon_reason,
    action_on,
    read_overdue,
    stand_in,
)
from stream_ingest.windowing.sweeper.isolation import Isolation
from stream_ingest.windowing.window_repository import WindowRepository

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """What was done about overdue windows: events to emit again, ids of abandoned windows."""

    to_emit: list[WindowReady]
    abandoned: tuple[str, ...]


class OverdueWindows:
    """Emits overdue windows again, abandons or restores them."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        dynamodb: DynamoDBClient,
        table_name: str,
        emitter: Emitter,
        threads: Executor,
        clock: Callable[[], float],
        max_attempts: int,
        isolation: Isolation,
    ) -> None:
        """Abandon windows after `max_attempts` claims; `clock` gives epoch seconds."""
        self._isolation = isolation
        self._windows, self._emitter = WindowRepository(dynamodb, table_name), emitter
        self._threads, self._clock, self._max_attempts = threads, clock, max_attempts

    def act(self, keys: Sequence[Item]) -> Acted:
        """Abandon the windows that are hopeless and return the events of those to emit again.

        Each key has the table's two key attributes.
        """

        def act_on(key: Item) -> WindowReady | str | None:
            name = table.item_key(key[table.PARTITION_KEY], key[table.SORT_KEY])
            return self._isolation.run(name, lambda: self._act_on(key), None)

        acted = list(self._threads.map(act_on, keys))
        return Acted(
            to_emit=[each for each in acted if isinstance(each, WindowReady)],
            abandoned=tuple(each for each in acted if isinstance(each, str)),
        )

    def _act_on(self, key: Item) -> WindowReady | str | None:
        """Return the event to emit again, the id of a window that was abandoned, or None."""
        item = self._windows.get(key[table.PARTITION_KEY], key[table.SORT_KEY])
        if item is None:
            return None
        try:
            window = read_overdue(item)
        except UnreadableItemError as error:
            return self._fail(item, error)
        action = action_on(window, int(self._clock()), self._max_attempts)
        if action is Action.LEAVE:
            return None
        event = self._event(window) if action is Action.EMIT else None
        if event is not None:
            return event
        if window.images_ok:
            self._restore(window)
            return None
        reason = EVENT_UNREADABLE if action is Action.EMIT else abandon_reason(window)
        return window.window_id if self._abandon(window, reason) else None

    def _fail(self, item: Item, error: UnreadableItemError) -> str | None:
        """End a window whose item cannot be read, so that its batch can end; return its id."""
        self._isolation.found(error)
        if item.get("status") in table.ENDED:
            return None  # the index lags
        window = stand_in(item)
        reason = f"its item cannot be read: {error.reason}"
        completed_at = from_epoch_s(int(self._clock())).isoformat()
        emitted = self._emitter.emit(_failure(window, reason))
        move = window_lifecycle.fail_unreadable(reason=reason, completed_at=completed_at)
        return window.window_id if emitted and self._move(window, move) else None

    def _event(self, window: OverdueWindow) -> WindowReady | None:
        """Return a window's event as it was stored; None if it is missing or cannot be read."""
        number = table.window_number(window.item)
        item = self._windows.get(window.key, table.images_item(number))
        if item is None or table.BARRED in item:
            return None
        try:
            with decoding(item):
                event = expand_event(bytes(item["detail"]))
        except UnreadableItemError as error:
            self._isolation.found(error)
            return None
        return event if event.window_id == window.window_id else None

    def _abandon(self, window: OverdueWindow, reason: str) -> bool:
        """Emit a window's failure, then write it; False if the bus or a quicker worker refuses."""
        emitted = self._emitter.emit(_failure(window, reason))
        return emitted and self._move(
            window,
            window_lifecycle.abandon(
                seen=(window.status, window.stage),
                attempts=window.attempts,
                reason=reason,
                failures={table.ABANDONED_REASON: window.image_count},
                images_failed=window.image_count,
                completed_at=from_epoch_s(int(self._clock())).isoformat(),
            ),
        )

    def _restore(self, window: OverdueWindow) -> bool:
        """Set a window to what its collage makes it; False if a worker was quicker."""
        status = table.collage_status(window.images_ok, window.image_count)
        return self._move(
            window,
            window_lifecycle.restore(
                seen=(window.status, window.stage), attempts=window.attempts, status=status
            ),
        )

    def _move(self, window: OverdueWindow, move: Move) -> bool:
        try:
            self._windows.move(window.window_id, move)
        except ConflictError:
            return False  # a worker has claimed or ended it since
        return True


def _failure(window: OverdueWindow, reason: str) -> CollageFailed:
    """Return the event of a window that is abandoned."""
    return CollageFailed(
        window_id=window.window_id,
        creator=window.creator,
        batch_id=window.batch_id,
        trigger=window.trigger,
        metadata_key=None,
        images_failed=window.image_count,
        failures={table.ABANDONED_REASON: window.image_count},
        reason=reason,
    )
