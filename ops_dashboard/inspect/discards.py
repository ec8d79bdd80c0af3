"""Failures that somebody has discarded, so that nobody looks at them again. Edge (DynamoDB).

A discarded window stays what it is: its status, its reasons and the figures of its batch do not
change. It is left out of the list of failures until it is built again; a refused row is left out
for good. What is stored is the time and a hash: of the window's id, or of what the row is
(`refused_rows.identified`). So an erased creator leaves nothing here that names it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from ops_dashboard.inspect.table_reader import TableReader
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.naming import window_id
from stream_ingest.contracts.timestamps import iso_second

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_LIFETIME_S = 5.0
_WRITERS = 16
_HASH_DIGITS = 32


class Discards:
    """The discarded failures of one stack. Safe to share between threads."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Read and write one stack's table."""
        self._dynamodb, self._table_name, self._now = dynamodb, table_name, now
        self._table = TableReader(dynamodb, table_name)
        self._lock = Lock()
        self._known: Mapping[str, str] = {}
        self._expires_at_s = float("-inf")

    def add(self, window_ids: Iterable[str], row_ids: Iterable[str] = ()) -> None:
        """Discard windows and refused rows. Safe to repeat."""
        at = iso_second(self._now())
        items = ({**key, "discarded_at": at} for key in _keys(window_ids, row_ids))
        self._each(self._dynamodb.put_item, ({"Item": to_wire(item)} for item in items))

    def remove(self, window_ids: Iterable[str], row_ids: Iterable[str] = ()) -> None:
        """List windows and rows again that were discarded. Safe to repeat."""
        keys = _keys(window_ids, row_ids)
        self._each(self._dynamodb.delete_item, ({"Key": to_wire(key)} for key in keys))

    def of(self) -> Callable[[Item], bool]:
        """Return a function that says whether a window's index entry, or item, is discarded."""
        known = self._read()
        return lambda entry: _is_discarded(entry, known)

    def of_rows(self) -> Callable[[str], bool]:
        """Return a function that says whether a refused row is discarded, by its id."""
        return self._read().__contains__

    def _each(self, write: Callable[..., object], requests: Iterable[dict[str, Any]]) -> None:
        with (
            map_errors("write discarded failures"),
            ThreadPoolExecutor(_WRITERS, thread_name_prefix="discard") as threads,
        ):
            list(threads.map(lambda each: write(TableName=self._table_name, **each), requests))
        with self._lock:
            self._expires_at_s = float("-inf")

    def _read(self) -> Mapping[str, str]:
        """Return when each failure was discarded, by hash; 60 bytes of each are read."""
        with self._lock:
            if time.monotonic() >= self._expires_at_s:
                items = self._table.query(
                    KeyConditionExpression="creator_name = :discarded",
                    ExpressionAttributeValues=to_wire({":discarded": table.DISCARDED_PARTITION}),
                    ConsistentRead=True,
                )
                self._known = {str(it[table.SORT_KEY]): str(it["discarded_at"]) for it in items}
                self._expires_at_s = time.monotonic() + _LIFETIME_S
            return self._known


def _is_discarded(entry: Item, known: Mapping[str, str]) -> bool:
    """Return whether a window was discarded after its last build."""
    if not known:
        return False
    number = str(entry[table.SORT_KEY]).partition("#")[2]
    name = window_id(str(entry[table.PARTITION_KEY]), int(number) if number.isdecimal() else 0)
    at = known.get(_hash(name))
    ended_at = str(entry.get("completed_at") or entry.get(table.CLOSED_AT, ""))
    return at is not None and at[:19] >= ended_at[:19]


def _keys(window_ids: Iterable[str], row_ids: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield the keys of items; a row's id is a hash already."""
    for mark in (*map(_hash, window_ids), *row_ids):
        yield {table.PARTITION_KEY: table.DISCARDED_PARTITION, table.SORT_KEY: mark}


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:_HASH_DIGITS]
