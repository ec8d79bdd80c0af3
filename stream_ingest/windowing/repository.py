"""Creator states and windows in DynamoDB. Edge.

One conditional write per change: a plain put if only the state changes, otherwise one transaction
of state, windows and spilled tallies. The condition is the version that was loaded, so a change
decided on an outdated state is refused as a whole (`ConflictError`).

Image lists are put before the transaction, as it would cost twice as much in it. A list is put only
if its key is free. From then on nobody replaces it without a new version of the state, so a window
that commits has its own list. If the key is taken, by a commit that failed after its list was put,
the list is a part of the transaction and replaces the other one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

import msgspec

from stream_ingest.aws.dynamodb import BatchGet
from stream_ingest.aws.errors import map_errors, map_item_errors
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.contracts import table, window_lifecycle
from stream_ingest.contracts.errors import ConflictError, DecodeError, UnreadableItemError
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import creator_key, creator_name
from stream_ingest.windowing.commit_errors import map_commit_errors, next_exists
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.deadlines import due_at
from stream_ingest.windowing.rules.numbering import FIRST
from stream_ingest.windowing.rules.outbox import window_ready
from stream_ingest.windowing.rules.state import ClosedWindow, CreatorState
from stream_ingest.windowing.state_item import read_state, state_item
from stream_ingest.windowing.window_items import (
    WINDOW_LIFE_S,
    barred_list,
    list_item,
    status_item,
)

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MAX_COMMITS = 5
"""Number of times that `CreatorRepository.update` decides and commits before it gives up."""

Decide = Callable[[CreatorState, int], Change | None]
"""Returns the change of a state at an epoch second, None for no change. Pure: called repeatedly."""


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """The result of `CreatorRepository.update`."""

    before: CreatorState
    """The state of the last decision, as loaded."""
    after: CreatorState
    """The newest known state; `before` if nothing was written."""
    change: Change | None = None
    """The committed change; None if there was none, or if the update was lost."""
    windows: tuple[WindowReady, ...] = ()
    """The events of the windows that the change closed, as they were written."""
    at_s: int
    """Epoch second of the last decision."""
    conflicts: int = 0
    """Commits that were refused because another writer was first."""
    lost: bool = False
    """Whether another writer was first every time."""


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """Creators by key: states, and why the others' states cannot be read."""

    states: dict[str, CreatorState]
    unreadable: dict[str, UnreadableItemError]


class CreatorRepository:
    """Loads and commits the aggregates of creators. Safe to share between threads."""

    key_template: str | None = None
    """The stack's template of keys, which becomes a part of each window's event."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        *,
        prefetch: bool = False,
        key_template: str | None = None,
        first_window: Callable[[], int] = lambda: FIRST,
    ) -> None:
        """Use a low-level client: threads may share it, but not a boto3 resource.

        `prefetch` is whether expiring covers are prefetched; it changes when a creator is due.
        `first_window` returns the lowest number that a window may get (`TableNumbering.first`).
        """
        self.key_template = key_template
        self._dynamodb = dynamodb
        self._table = table_name
        self._batch_get = BatchGet(dynamodb, table_name)
        self._prefetch = prefetch
        self._first_window = first_window

    def load(self, keys: Sequence[str]) -> dict[str, CreatorState]:
        """Return the states of creators by key, read consistently; a new one if unknown.

        Raises `UnreadableItemError` if one of them cannot be read.
        """
        loaded = self.load_each(keys)
        for error in loaded.unreadable.values():
            raise error
        return loaded.states

    def load_each(self, keys: Sequence[str]) -> Loaded:
        """As `load`, but a state that cannot be read is returned apart from the others."""
        states: dict[str, CreatorState] = {}
        unreadable: dict[str, UnreadableItemError] = {}
        first = self._first_window()
        for key in keys:
            try:
                states[key] = CreatorState(creator=creator_name(key), next_window=first)
            except DecodeError as error:
                unreadable[key] = UnreadableItemError(key, table.STATE, str(error))
        for item in self._batch_get.items(
            ((key, table.STATE) for key in keys), "load creators", consistent=True
        ):
            key = item[table.PARTITION_KEY]
            try:
                states[key] = read_state(item, first)
            except UnreadableItemError as error:
                unreadable[key] = error
                states.pop(key, None)
        return Loaded(states=states, unreadable=unreadable)

    def update(
        self,
        state: CreatorState,
        decide: Decide,
        clock: Callable[[], float],
        *,
        max_commits: int = MAX_COMMITS,
    ) -> Update:
        """Decide on `state`, commit, and after a conflict load again and decide again.

        Returns after one commit, or without one if there is nothing to change or after
        `max_commits` conflicts. Raises `TransientError` if the table is unavailable.
        """
        for conflicts in range(max_commits):
            now_s = int(clock())
            change = decide(state, now_s)
            if change is None:
                return Update(before=state, after=state, at_s=now_s, conflicts=conflicts)
            try:
                self.commit(state, change, now_s)
            except ConflictError:
                if conflicts + 1 == max_commits:
                    break
                key = creator_key(state.creator)
                state = self.load([key])[key]
            else:
                after = msgspec.structs.replace(change.state, version=state.version + 1)
                return Update(
                    before=state,
                    after=after,
                    change=change,
                    windows=tuple(self.events(change.state, change.windows, now_s)),
                    at_s=now_s,
                    conflicts=conflicts,
                )
        return Update(before=state, after=state, at_s=now_s, conflicts=max_commits, lost=True)

    def check_next_window(self, state: CreatorState) -> None:
        """Raise `UnreadableItemError` if the window that would be a state's next one exists."""
        key = creator_key(state.creator)
        sort = table.window_item(state.next_window)
        if any(self._batch_get.items([(key, sort)], "read a window", consistent=True)):
            raise UnreadableItemError(key, table.STATE, next_exists(sort))

    def events(
        self, state: CreatorState, windows: Iterable[ClosedWindow], now_s: int
    ) -> Iterator[WindowReady]:
        """Yield the events of a creator's windows that are closed at `now_s`."""
        for window in windows:
            yield window_ready(state, window, now_s, self.key_template)

    def commit(self, before: CreatorState, change: Change, now_s: int) -> None:
        """Write a change decided on `before`; `ConflictError` if another writer was first.

        Raises `UnreadableItemError` if an item that the change belongs to makes it impossible.
        """
        put = self._put_state(before, change.state)
        key = creator_key(before.creator)
        with map_item_errors(f"commit {key}", key, table.STATE):
            if not (change.windows or change.spilled or change.barred):
                self._dynamodb.put_item(**put)
                return
            actions = [
                {"Put": put},
                *self._windows(change, now_s),
                *self._spills(change, now_s),
                *(self._put(barred_list(key, number, now_s)) for number in change.barred),
            ]
            with map_commit_errors(actions):
                self._dynamodb.transact_write_items(TransactItems=cast("Any", actions))

    def _put_state(self, before: CreatorState, after: CreatorState) -> Any:  # noqa: ANN401 - boto's TypedDicts differ for put and transact
        condition, values = "attribute_not_exists(creator_name)", None
        if before.version:
            condition, values = "version = :version", to_wire({":version": before.version})
        put = {
            "TableName": self._table,
            "Item": to_wire(
                state_item(after, before.version + 1, due_at(after, prefetch=self._prefetch))
            ),
            "ConditionExpression": condition,
        }
        return put | ({"ExpressionAttributeValues": values} if values else {})

    def _windows(self, change: Change, now_s: int) -> Iterable[Item]:
        """Yield the actions that create windows; stores their image lists before."""
        for event in self.events(change.state, change.windows, now_s):
            yield self._put(status_item(event, now_s), ConditionExpression=window_lifecycle.ABSENT)
            images = list_item(event, now_s)
            if not self._store_list(images, event.window_id):
                yield self._put(images)

    def _store_list(self, images: Item, window_id: str) -> bool:
        """Put the image list of a window that does not exist yet; False if its key is taken.

        It may be taken by this very list, if the SDK repeated the call.
        """
        put = self._put(images, ConditionExpression=window_lifecycle.ABSENT)["Put"]
        try:
            with map_errors(f"store the images of {window_id}"):
                self._dynamodb.put_item(**put)
        except ConflictError:
            return False
        return True

    def _put(self, item: Item, **condition: str) -> Item:
        return {"Put": {"TableName": self._table, "Item": to_wire(item), **condition}}

    def _spills(self, change: Change, now_s: int) -> Iterable[Item]:
        creator = change.counted_as or change.state.creator
        key = creator_key(creator)
        for batch_id, tally in change.spilled.items():
            yield {
                "Update": {
                    "TableName": self._table,
                    "Key": to_wire(
                        {
                            table.PARTITION_KEY: table.batch_partition(batch_id),
                            table.SORT_KEY: table.tally_item(key),
                        }
                    ),
                    "UpdateExpression": "SET batch_id = :batch, creator = :creator,"
                    " expires_at = :expires"
                    " ADD accepted :accepted, duplicates :duplicates, windows :windows"
                    + (", blocked :blocked" if tally.blocked else ""),
                    "ExpressionAttributeValues": to_wire(
                        {
                            ":batch": batch_id,
                            ":creator": creator,
                            ":expires": now_s + WINDOW_LIFE_S,
                            ":accepted": tally.accepted,
                            ":duplicates": tally.duplicates,
                            ":windows": tally.windows,
                            ":blocked": tally.blocked or None,
                        }
                    ),
                }
            }
