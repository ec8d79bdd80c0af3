"""Repairs of unreadable items: planned, shown, and done. Edge (DynamoDB, S3).

The item is copied to ``failed/items/`` in the output bucket first. It is then replaced, under the
condition that it is exactly as it was read. What waits for it is added by the next sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from ops_dashboard.inspect.table_reader import TableReader
from ops_dashboard.repair.overlay import overlay
from ops_dashboard.repair.salvage import salvage_state
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.batches.batch_item import new_item, read_batch
from stream_ingest.batches.progress import ENDED_BATCHES
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import DecodeError, NotFoundError, UnreadableItemError
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import creator_name, window_id
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second
from stream_ingest.records.codec import BatchHeader
from stream_ingest.windowing.commit_errors import next_exists
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.outbox import expand_event
from stream_ingest.windowing.rules.overdue import read_overdue
from stream_ingest.windowing.state_item import read_state, state_item
from stream_ingest.windowing.unreadable.item_check import problem_of
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList
from stream_ingest.windowing.window_items import WINDOW_LIFE_S

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

COPIES = "failed/items"
_LOST = {
    "images": "the images of its window: the archive has them (`ops-dashboard replay --from DAY`)",
    "tally": "what the creator's rows before this counted for that batch",
    "record": "these rows: they are in the copy alone",
}
_FIGURES = frozenset({"status", "rows_read", "rows_sent", "buckets", "drained", "counted"})


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """What a repair does: the item that replaces the unreadable one, None to remove it."""

    partition: str
    sort: str
    problem: str
    raw: dict[str, Any]
    """The item as it is on the wire."""
    after: Item | None
    does: str
    unknown: list[str]
    """What is not known afterwards, in words."""


class Repairs:
    """Plans and does repairs in one stack."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        s3: S3Client,
        table_name: str,
        bucket: str,
        clock: Callable[[], float],
    ) -> None:
        """Copy items to `bucket`; `clock` gives epoch seconds."""
        self._dynamodb, self._s3, self._clock = dynamodb, s3, clock
        self._table, self._bucket = table_name, bucket
        self._reader = TableReader(dynamodb, table_name)
        self._states = CreatorRepository(dynamodb, table_name)
        self._list = UnreadableList(dynamodb, table_name, clock)

    def plan(self, partition: str, sort: str) -> Repair:
        """Return what would repair an item; raises `NotFoundError` if nothing is wrong with it."""
        with map_errors(f"read {partition} {sort}"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=_key(partition, sort), ConsistentRead=True
            )
        raw: dict[str, Any] = dict(answer.get("Item", {}))
        if not raw:
            msg = f"no item {partition} {sort}; `ops-dashboard repair` lists what can be repaired"
            raise NotFoundError(msg)
        item = from_wire(raw)
        problem = problem_of(item) or self._numbering_problem(item)
        if problem is None:
            msg = f"{partition} {sort} can be read: what waits for it is added by the next sweep"
            raise NotFoundError(msg)
        kinds = {
            table.STATE: self._state,
            "window": self._window,
            table.BATCH: self._batch,
            "tally": self._tally,
        }
        rebuild = kinds.get(sort.partition("#")[0], _set_aside)
        after, does, unknown = rebuild(item)
        return Repair(
            partition=partition,
            sort=sort,
            problem=problem,
            raw=raw,
            after=after,
            does=does,
            unknown=unknown,
        )

    def apply(self, repair: Repair) -> str:
        """Copy the item, then replace or remove it; return the key of the copy.

        It is on the list of unreadable items afterwards, even if no function has met it, so that
        the next sweep reads it again and adds what waits.

        Raises `ConflictError` if the item has changed since it was read.
        """
        key = self._copy(repair)
        self._list.add(UnreadableItemError(repair.partition, repair.sort, repair.problem))
        names = {f"#a{index}": name for index, name in enumerate(repair.raw)}
        condition: dict[str, Any] = {
            "TableName": self._table,
            "ConditionExpression": " AND ".join(f"{each} = :{each[1:]}" for each in names),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {
                f":{each[1:]}": repair.raw[name] for each, name in names.items()
            },
        }
        with map_errors(f"repair {repair.partition} {repair.sort}"):
            if repair.after is None:
                self._dynamodb.delete_item(Key=_key(repair.partition, repair.sort), **condition)
            else:
                self._dynamodb.put_item(Item=to_wire(repair.after), **condition)
        return key

    def _copy(self, repair: Repair) -> str:
        now = from_epoch_s(int(self._clock()))
        name = quote(table.item_key(repair.partition, repair.sort), safe="")
        key = f"{COPIES}/{now:%Y/%m/%d/%H%M%S}-{name}.json"
        content = {"problem": repair.problem, "item": repair.raw}
        with map_errors(f"copy {repair.partition} {repair.sort}"):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=msgspec.json.encode(content),
                ContentType="application/json",
            )
        return key

    def _numbering_problem(self, item: Item) -> str | None:
        """Return what is wrong with a state whose next window exists, or the list of its images.

        A function replaces a list without a window, but that of the release before cannot.
        """
        if item[table.SORT_KEY] != table.STATE:
            return None
        try:
            state = read_state(item)
            self._states.check_next_window(state)
        except DecodeError as error:
            return str(error)
        images = table.images_item(state.next_window)
        found = self._reader.get(item[table.PARTITION_KEY], images)
        return None if found is None else next_exists(images)

    def _state(self, item: Item) -> tuple[Item, str, list[str]]:
        key = item[table.PARTITION_KEY]
        events, highest = self._windows_of(key)
        salvaged = salvage_state(item, events, highest, int(self._clock()))
        state = salvaged.state
        after = state_item(state, state.version + 1, int(self._clock()))
        does = (
            f"replaces the state: {state.open_images:,} images in open windows, the next window is"
            f" {state.next_window}; the rows that wait are added by the next sweep, in a minute"
        )
        return after, does, salvaged.unknown

    def _windows_of(self, key: str) -> tuple[list[WindowReady], int]:
        """Return the events of a creator's windows that can be read, and the highest number.

        An image list without a window is none of them: its images are not in a window.
        """
        events: dict[int, WindowReady] = {}
        windows: set[int] = set()
        highest = 0
        for item in self._reader.query(
            KeyConditionExpression="creator_name = :key",
            ExpressionAttributeValues=to_wire({":key": key}),
            ConsistentRead=True,
        ):
            kind, _, number = str(item[table.SORT_KEY]).partition("#")
            if kind not in {"window", "images"} or not number.isdigit():
                continue
            highest = max(highest, int(number))
            if kind == "window":
                windows.add(int(number))
            elif problem_of(item) is None:
                events[int(number)] = expand_event(bytes(item["detail"]))
        return [event for number, event in events.items() if number in windows], highest

    def _window(self, item: Item) -> tuple[Item, str, list[str]]:
        """Return a window's item from its image list, and what can be read of the old one."""
        key, number = item[table.PARTITION_KEY], table.window_number(item[table.SORT_KEY])
        images = self._reader.get(key, table.images_item(number))
        readable = images is not None and problem_of(images) is None
        event = expand_event(bytes(images["detail"])) if images and readable else None
        now_s = int(self._clock())
        base: Item = {
            table.PARTITION_KEY: key,
            table.SORT_KEY: item[table.SORT_KEY],
            "window_id": window_id(key, number),
            "creator": event.creator if event else creator_name(key),
            "batch_id": event.batch_id if event else None,
            "trigger": event.trigger if event else "unknown",
            "status": str(table.WindowStatus.FAILED),
            table.CLOSED_AT: iso_second(event.closed_at if event else from_epoch_s(now_s)),
            "image_count": event.image_count if event else 0,
            table.TTL_ATTRIBUTE: now_s + WINDOW_LIFE_S,
        }
        if not event:
            base["batch_id"] = "unknown"
        after, dropped = overlay(base, item, read_overdue)
        if after["status"] not in table.ENDED:
            after["status"] = str(table.WindowStatus.FAILED)
        for name in (table.STAGE, "due_at", "due_shard", "lease_owner", "lease_until"):
            after.pop(name, None)
        unknown = [] if event else ["its images: its image list cannot be read either"]
        does = (
            f"replaces {', '.join(dropped)}; the window is {after['status']}, and"
            f" `ops-dashboard replay --window {base['window_id']}` builds it"
        )
        return after, does, unknown

    def _tally(self, item: Item) -> tuple[Item, str, list[str]]:
        """Return a tally without rows: by it, the end of its batch finds the creator's windows."""
        partition, sort = item[table.PARTITION_KEY], item[table.SORT_KEY]
        after: Item = {
            table.PARTITION_KEY: partition,
            table.SORT_KEY: sort,
            "batch_id": table.batch_of(partition),
            "creator": creator_name(sort.partition("#")[2]),
            table.TTL_ATTRIBUTE: int(self._clock()) + WINDOW_LIFE_S,
            **dict.fromkeys(table.TALLY_ATTRIBUTES, 0),
        }
        return after, "replaces it by a tally without rows", [_LOST["tally"]]

    def _batch(self, item: Item) -> tuple[Item, str, list[str]]:
        """Return a batch's item with what can be read; without its figures it is abandoned."""
        batch_id = table.batch_of(item[table.PARTITION_KEY])
        now_s = int(self._clock())
        header = BatchHeader(batch_id=batch_id, trigger="unknown")
        after, dropped = overlay(new_item(header, None, (), "repair", now_s), item, read_batch)
        does, unknown = f"replaces {', '.join(dropped)}", [f"its {name}" for name in dropped]
        if _FIGURES & {*dropped} and after["status"] not in ENDED_BATCHES:
            after |= {
                "status": "abandoning",
                "abandoned_at": iso_second(from_epoch_s(now_s)),
                "abandoned_by": "ops-dashboard repair",
            }
            does += "; the batch is abandoned: it ends with the rows that are counted by then"
        return after, does, unknown


def _set_aside(item: Item) -> tuple[None, str, list[str]]:
    kind = str(item[table.SORT_KEY]).partition("#")[0]
    return None, "removes the item", [_LOST.get(kind, "what it had")]


def _key(partition: str, sort: str) -> Item:
    return to_wire({table.PARTITION_KEY: partition, table.SORT_KEY: sort})
