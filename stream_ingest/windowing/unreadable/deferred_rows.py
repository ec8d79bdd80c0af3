"""Rows that wait in the table until their creator's state can be read. Edge (DynamoDB).

They are stored in one transaction with `deferred_at` in the state, so that whoever can read the
state knows of them, and with the entry in the list of unreadable items. The update also counts the
state's version up, so that a writer that has read it before is refused and reads again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from stream_ingest.aws.errors import is_about_content, map_errors
from stream_ingest.aws.items import Item, decoding, to_wire
from stream_ingest.aws.queries import query_items
from stream_ingest.aws.request_groups import group_by_weight
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.windowing.rules.fold import Arrival
from stream_ingest.windowing.unreadable.deferred_record import chunks, decode_rows
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DEFERRED_LIFE_S = 400 * DAY_S
_MAX_ROWS, _MAX_BYTES = 90, 3_000_000
"""A transaction takes 100 actions and 4 MB."""


class StoredRows(msgspec.Struct, frozen=True, kw_only=True):
    """Deferred rows and the sort key of their item."""

    sort: str
    arrivals: list[Arrival]


class DeferredRows:
    """Stores, reads and removes deferred rows. Safe to share between threads."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        unreadable: UnreadableList,
        clock: Callable[[], float],
    ) -> None:
        """`clock` gives epoch seconds."""
        self._dynamodb, self._table = dynamodb, table_name
        self._unreadable, self._clock = unreadable, clock

    def store(
        self, key: str, records: Iterable[tuple[int, list[Arrival]]], error: UnreadableItemError
    ) -> int:
        """Store rows of a creator by the sequence number of their record; return their number.

        Safe to repeat. Raises `TransientError`.
        """
        items = [
            self._item(key, sequence, arrivals, data)
            for sequence, of_record in records
            for arrivals, data in chunks(of_record)
        ]
        for group in group_by_weight(
            items, weigh=lambda item: len(item["data"]), max_count=_MAX_ROWS, max_weight=_MAX_BYTES
        ):
            self._store(key, group, error)
        return sum(item["image_count"] for item in items)

    def rows(self, key: str) -> Iterator[StoredRows]:
        """Yield the deferred rows of a creator in the order of the stream, read consistently.

        Raises `UnreadableItemError` at those that cannot be read.
        """
        for item in query_items(
            self._dynamodb,
            f"read deferred rows of {key}",
            TableName=self._table,
            KeyConditionExpression="creator_name = :partition",
            ExpressionAttributeValues=to_wire({":partition": table.deferred_partition(key)}),
            ConsistentRead=True,
        ):
            with decoding(item):
                arrivals = decode_rows(bytes(item["data"]))
            yield StoredRows(sort=item[table.SORT_KEY], arrivals=arrivals)

    def remove(self, key: str, rows: StoredRows) -> None:
        """Remove rows that were folded; safe to repeat."""
        with map_errors(f"remove deferred rows of {key}"):
            self._dynamodb.delete_item(
                TableName=self._table,
                Key=to_wire(
                    {table.PARTITION_KEY: table.deferred_partition(key), table.SORT_KEY: rows.sort}
                ),
            )

    def _item(self, key: str, sequence: int, arrivals: Sequence[Arrival], data: bytes) -> Item:
        return {
            table.PARTITION_KEY: table.deferred_partition(key),
            table.SORT_KEY: table.deferred_item(sequence, arrivals[0].position),
            "batch_id": arrivals[0].batch.batch_id,
            "creator": arrivals[0].row.creator,
            "image_count": len(arrivals),
            "data": data,
            table.TTL_ATTRIBUTE: int(self._clock()) + DEFERRED_LIFE_S,
        }

    def _store(self, key: str, items: Sequence[Item], error: UnreadableItemError) -> None:
        rest: list[Any] = [
            {"Update": self._unreadable.update(error)},
            *({"Put": {"TableName": self._table, "Item": to_wire(item)}} for item in items),
        ]
        with map_errors(f"defer rows of {key}"):
            try:
                self._dynamodb.transact_write_items(
                    TransactItems=[{"Update": self._mark(key, counts=True)}, *rest]
                )
            except ClientError as failure:
                if not _is_first_invalid(failure):
                    raise
                # Its version is no number: no release can write the state, so none has to notice.
                self._dynamodb.transact_write_items(
                    TransactItems=[{"Update": self._mark(key, counts=False)}, *rest]
                )

    def _mark(self, key: str, *, counts: bool) -> Any:  # noqa: ANN401 - boto's TypedDict
        """Return the update of a state that has deferred rows from now on."""
        values: Item = {":now": int(self._clock())}
        return {
            "TableName": self._table,
            "Key": to_wire({table.PARTITION_KEY: key, table.SORT_KEY: table.STATE}),
            "UpdateExpression": "SET deferred_at = if_not_exists(deferred_at, :now)"
            + (" ADD version :one" if counts else ""),
            "ExpressionAttributeValues": to_wire(values | ({":one": 1} if counts else {})),
        }


def _is_first_invalid(error: ClientError) -> bool:
    """Return whether a transaction is refused because its first action does not fit its item."""
    response: Any = error.response
    reasons = response.get("CancellationReasons", [])
    if not reasons:  # an emulation of AWS refuses the request as a whole
        return is_about_content(str(response.get("Error", {}).get("Message", "")))
    return bool(reasons[0].get("Code") == "ValidationError")
