"""Runs and their windows in the table. Edge (DynamoDB).

All runs are items of one partition, whose sort keys begin with the time; the windows of a run are
in pages, in a partition of its own. TTL removes both.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from ops_dashboard.recovery.runs.run import RUN_LIFE_S, ChosenWindow, Run, State
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, decoding, from_wire, to_wire
from stream_ingest.aws.queries import query_items
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError, NotFoundError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


class RunStore:
    """Reads and writes the runs of one stack. Safe to share between threads."""

    def __init__(
        self, dynamodb: DynamoDBClient, table_name: str, now: Callable[[], datetime]
    ) -> None:
        """Use a low-level client."""
        self._dynamodb, self._table, self._now = dynamodb, table_name, now

    def save(self, run: Run, *, is_news: bool = True) -> Run:
        """Write a run and return it as it is now; `updated_at` stays without `is_news`.

        Raises `ConflictError` if another process has written it since it was read.
        """
        now = self._now()
        updated_at = now if is_news else run.updated_at
        written = replace(run, revision=run.revision + 1, updated_at=updated_at)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(revision)"}
        if run.revision:
            condition = {
                "ConditionExpression": "revision = :before",
                "ExpressionAttributeValues": to_wire({":before": run.revision}),
            }
        with map_errors(f"write the run {run.name}"):
            self._dynamodb.put_item(
                TableName=self._table, Item=to_wire(_item(written, now)), **condition
            )
        return written

    def load(self, name: str) -> Run:
        """Return a run, read consistently; raises `NotFoundError` if there is none."""
        with map_errors(f"read the run {name}"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=to_wire(_key(name)), ConsistentRead=True
            )
        if "Item" not in answer:
            msg = f"no run {name!r}; runs are kept for 30 days"
            raise NotFoundError(msg)
        return _read(from_wire(answer["Item"]))

    def newest(self, limit: int) -> list[Run]:
        """Return the newest runs, the newest first; costs one request."""
        return list(islice(self._list(Limit=limit), limit))

    def all(self) -> Iterator[Run]:
        """Yield all runs, the newest first."""
        return self._list()

    def _list(self, **options: Any) -> Iterator[Run]:  # noqa: ANN401 - boto's own arguments
        items = query_items(
            self._dynamodb,
            "list runs",
            TableName=self._table,
            KeyConditionExpression=f"{table.PARTITION_KEY} = :runs",
            ExpressionAttributeValues=to_wire({":runs": table.RUNS_PARTITION}),
            ScanIndexForward=False,
            **options,
        )
        return map(_read, items)

    def save_page(self, name: str, page: int, windows: Sequence[ChosenWindow]) -> None:
        """Write a page of a run's windows; safe to repeat."""
        item = {
            **_page_key(name, page),
            "windows": zlib.compress(msgspec.json.encode(windows)),
            table.TTL_ATTRIBUTE: int(self._now().timestamp()) + RUN_LIFE_S,
        }
        with map_errors(f"write windows of the run {name}"):
            self._dynamodb.put_item(TableName=self._table, Item=to_wire(item))

    def page(self, name: str, page: int) -> list[ChosenWindow]:
        """Return a page of a run's windows; empty if there is none."""
        with map_errors(f"read windows of the run {name}"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=to_wire(_page_key(name, page)), ConsistentRead=True
            )
        if "Item" not in answer:
            return []
        item = from_wire(answer["Item"])
        with decoding(item):
            return msgspec.json.decode(
                zlib.decompress(bytes(item["windows"])), type=list[ChosenWindow]
            )


def _key(name: str) -> Item:
    return {table.PARTITION_KEY: table.RUNS_PARTITION, table.SORT_KEY: table.run_item(name)}


def _page_key(name: str, page: int) -> Item:
    return {table.PARTITION_KEY: table.run_partition(name), table.SORT_KEY: table.run_page(page)}


def _item(run: Run, now: datetime) -> Item:
    """Return a run's item; the collage function reads `cancelled` of it."""
    return {
        **_key(run.name),
        "run": msgspec.json.encode(run).decode(),
        "revision": run.revision,
        "cancelled": True if run.state is State.CANCELLED else None,
        table.TTL_ATTRIBUTE: int(now.timestamp()) + RUN_LIFE_S,
    }


def _read(item: Item) -> Run:
    with decoding(item):
        run = msgspec.json.decode(item["run"], type=Run)
        return replace(run, revision=int(item["revision"]))


def change(store: RunStore, name: str, edit: Callable[[Run], Run]) -> Run:
    """Apply `edit` to a run as it is now, again if another process writes it meanwhile."""
    while True:
        run = store.load(name)
        after = edit(run)
        if after == run:
            return run
        try:
            return store.save(after)
        except ConflictError:
            continue
