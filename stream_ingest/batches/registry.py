"""The items of batches in the table. Edge (DynamoDB).

A batch's status goes ``sending`` → ``sent`` (producer) → ``flushed`` (sweeper, if its windows
end with the batch) → ``ended`` (sweeper). No status of a window has the same name, because both are
queried in ``status-date-index``.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.aws.queries import query_items
from stream_ingest.batches.progress import Batch, BatchProgress, Counted, progress_of, sum_windows
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError, UserError
from stream_ingest.contracts.naming import MAX_BATCH_ID
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second
from stream_ingest.records.codec import BATCH_ID_PATTERN, BUCKETS, BatchHeader

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

BATCH_LIFE_S = 400 * DAY_S
_COUNTED = (*table.TALLY_ATTRIBUTES, "since")
_BATCH_ID = re.compile(BATCH_ID_PATTERN)


def check_batch_id(batch_id: str) -> str:
    """Return the id; raise `UserError` unless it fits `BATCH_ID_PATTERN`."""
    if not _BATCH_ID.match(batch_id):
        msg = (
            f"batch id {batch_id!r}: expected 1 to {MAX_BATCH_ID} letters, digits, dots,"
            " underscores or dashes, the first a letter or digit"
        )
        raise UserError(msg)
    return batch_id


def new_batch_id() -> str:
    """Return a new batch id that sorts by time: ``20261121-030512-9f3a``."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


class Totals(msgspec.Struct, kw_only=True):
    """A producer's figures so far; absolute numbers, so that writing them is idempotent."""

    rows_read: int = 0
    rows_sent: int = 0
    refused: dict[str, int] = {}


class BatchRegistry:
    """Writes and reads the items of batches."""

    def __init__(
        self, dynamodb: DynamoDBClient, table_name: str, clock: Callable[[], float]
    ) -> None:
        """`clock` gives epoch seconds."""
        self._dynamodb, self._table, self._clock = dynamodb, table_name, clock

    def register(
        self, header: BatchHeader, source: str | None = None, notes: Sequence[str] = ()
    ) -> None:
        """Create a batch in status ``sending``; `UserError` if the id is taken.

        `source` is where its rows come from, for people: a path, an ``s3://`` or a ``mysql://``
        address without user and password. `notes` are sentences for whoever sent the batch.

        A token distinguishes an item that an earlier attempt of this call wrote (its response was
        lost and the SDK retried) from the item of another batch.
        """
        now_s = int(self._clock())
        token = secrets.token_hex(8)
        item = {
            **_key(header.batch_id),
            "batch_id": header.batch_id,
            "trigger": header.trigger,
            "source": source,
            "status": "sending",
            "flush": header.settings.flush.kind,
            "settings": msgspec.json.encode(header.settings).decode(),
            "started_at": from_epoch_s(now_s).isoformat(),
            table.CLOSED_AT: iso_second(from_epoch_s(now_s)),
            "buckets": BUCKETS,
            "rows_read": 0,
            "rows_sent": 0,
            "refused": {},
            **({"notes": list(notes)} if notes else {}),
            "registered_by": token,
            table.TTL_ATTRIBUTE: now_s + BATCH_LIFE_S,
        }
        try:
            with map_errors(f"register batch {header.batch_id}"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_wire(item),
                    ConditionExpression="attribute_not_exists(creator_name)"
                    " OR registered_by = :token",
                    ExpressionAttributeValues=to_wire({":token": token}),
                )
        except ConflictError as error:
            msg = f"batch {header.batch_id!r} exists already; choose another --batch-id"
            raise UserError(msg) from error

    def record_totals(self, batch_id: str, totals: Totals, *, sent: bool) -> None:
        """Write what a producer has read, sent and refused; with `sent`, the totals are final.

        Idempotent (a retry after a lost response, a resumed push that was killed after it). Raises
        `ConflictError` if there is no such batch or it has been flushed.
        """
        names = {"#status": "status", "#read": "rows_read", "#sent": "rows_sent", "#ref": "refused"}
        values: Item = {
            ":read": totals.rows_read,
            ":sent": totals.rows_sent,
            ":refused": dict(totals.refused),
            ":before": "sending",
            ":after": "sent",
        }
        self._update(
            batch_id,
            "SET #read = :read, #sent = :sent, #ref = :refused"
            + (", #status = :after" if sent else ""),
            values,
            names,
            "#status IN (:before, :after)",
        )

    def record_drained(self, batch_id: str, buckets: set[int]) -> bool:
        """Record buckets whose end was folded; return whether every bucket is drained now.

        Idempotent. False for a batch that is not registered.
        """
        try:
            after = self._update(
                batch_id,
                "ADD drained :buckets",
                {":buckets": buckets},
                {},
                "attribute_exists(creator_name)",
            )
        except ConflictError:
            return False
        return len(after.get("drained", ())) >= int(after["buckets"])

    def move(self, batch_id: str, before: str, after: str) -> bool:
        """Move a batch from status `before` to `after`; return False if its status is another."""
        try:
            self._update(
                batch_id,
                "SET #status = :after",
                {":after": after, ":before": before},
                {"#status": "status"},
                "#status = :before",
            )
        except ConflictError:
            return False
        return True

    def load(self, batch_id: str) -> Batch | None:
        """Return a batch, read consistently; None if it is not registered."""
        with map_errors(f"load batch {batch_id}"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=to_wire(_key(batch_id)), ConsistentRead=True
            )
        return _batch(from_wire(answer["Item"])) if "Item" in answer else None

    def ids_in(self, status: str) -> Iterator[str]:
        """Yield the ids of all batches in a status, in the order in which they started."""
        return (batch_id for _, batch_id in self.started_in(status))

    def started_in(self, status: str, *, newest_first: bool = False) -> Iterator[tuple[str, str]]:
        """Yield when each batch in a status started, as sortable text, and its id, in order.

        A page of the index is read when it is needed. Batches of older versions have a date only.
        """
        items = query_items(
            self._dynamodb,
            f"query {table.STATUS_INDEX}",
            TableName=self._table,
            IndexName=table.STATUS_INDEX,
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_wire({":status": status}),
            **({"ScanIndexForward": False} if newest_first else {}),
        )
        for item in items:
            if item[table.SORT_KEY] == table.BATCH:
                yield item[table.CLOSED_AT], item["batch_id"]

    def progress(self, batch_id: str) -> BatchProgress | None:
        """Return the progress of a batch; None if it is not registered.

        Costs a query of the batch's windows. The rows are those of the last count.
        """
        batch = self.load(batch_id)
        if batch is None:
            return None
        return progress_of(batch, sum_windows(self.windows(batch_id)), int(self._clock()))

    def record_count(self, batch_id: str, counted: Counted) -> bool:
        """Record a count; return False if the batch has a final count or is not registered.

        So a delayed sweep does not overwrite the final count of another.
        """
        numbers = {name: getattr(counted, name) for name in _COUNTED}
        try:
            self._update(
                batch_id,
                "SET counted = :counted" + (", is_final = :yes" if counted.final else ""),
                {":counted": numbers} | ({":yes": True} if counted.final else {}),
                {},
                "attribute_exists(creator_name) AND attribute_not_exists(is_final)",
            )
        except ConflictError:
            return False
        return True

    def items(self, batch_id: str) -> Iterator[Item]:
        """Yield the items of a batch in the index, with one page in memory."""
        return self._query(table.BATCH_INDEX, "batch_id = :batch", {":batch": batch_id}, {})

    def windows(self, batch_id: str) -> Iterator[Item]:
        """Yield the windows of a batch in the index, by number, with one page in memory."""
        return self._query(
            table.BATCH_INDEX,
            "batch_id = :batch AND #item >= :first",
            {":batch": batch_id, ":first": table.FIRST_WINDOW},
            {"#item": table.SORT_KEY},
        )

    def _query(
        self, index: str, condition: str, values: Item, names: Mapping[str, str]
    ) -> Iterator[Item]:
        return query_items(
            self._dynamodb,
            f"query {index}",
            TableName=self._table,
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=to_wire(values),
            **({"ExpressionAttributeNames": names} if names else {}),
        )

    def _update(
        self, batch_id: str, update: str, values: Item, names: Mapping[str, str], condition: str
    ) -> Item:
        request: Any = {
            "TableName": self._table,
            "Key": to_wire(_key(batch_id)),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": to_wire(values),
            "ReturnValues": "ALL_NEW",
            **({"ExpressionAttributeNames": names} if names else {}),
        }
        with map_errors(f"update batch {batch_id}"):
            return from_wire(self._dynamodb.update_item(**request)["Attributes"])


def _key(batch_id: str) -> Item:
    return {table.PARTITION_KEY: table.batch_partition(batch_id), table.SORT_KEY: table.BATCH}


def _batch(item: Item) -> Batch:
    return Batch(
        batch_id=item["batch_id"],
        trigger=item["trigger"],
        status=item["status"],
        flush=item["flush"],
        started_at=item["started_at"],
        settings=item.get("settings", "{}"),
        source=item.get("source"),
        notes=tuple(item.get("notes", ())),
        rows_read=int(item["rows_read"]),
        rows_sent=int(item["rows_sent"]),
        refused={reason: int(count) for reason, count in item["refused"].items()},
        buckets=int(item["buckets"]),
        drained=len(item.get("drained", ())),
        counted=_counted(item) if "counted" in item else None,
        erased=int(item.get("erased", 0)),
    )


def _counted(item: Item) -> Counted:
    numbers = {name: int(item["counted"].get(name, 0)) for name in _COUNTED}
    return msgspec.convert({**numbers, "final": "is_final" in item}, Counted)
