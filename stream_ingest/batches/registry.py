"""The items of batches in the table. Edge (DynamoDB).

`batch_item` says what each call may change, and under which condition.
"""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.aws.queries import query_items
from stream_ingest.batches.batch_id import new_owner
from stream_ingest.batches.batch_item import (
    check_can_be_abandoned,
    check_no_further_rows,
    check_not_abandoned,
    check_owner,
    how_read,
    iso_now,
    new_item,
    read_batch,
)
from stream_ingest.batches.batch_table import BatchTable
from stream_ingest.batches.progress import (
    COUNTED,
    ENDED_BATCHES,
    Batch,
    BatchProgress,
    Counted,
    progress_of,
    sum_windows,
)
from stream_ingest.batches.window_entries import readable_window
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError, NotFoundError
from stream_ingest.records.codec import BatchHeader

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient


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
        self._items = BatchTable(dynamodb, table_name)

    def register(
        self,
        header: BatchHeader,
        source: str | None = None,
        notes: Sequence[str] = (),
        *,
        owner: str | None = None,
        started_by: str = "",
    ) -> None:
        """Create a batch in status ``sending``, or find that `owner` has registered it before.

        `source` is where its rows come from, for people: a path, an ``s3://`` or a ``mysql://``
        address without user and password. `notes` are sentences for whoever sent the batch.

        `owner` identifies who sends the batch, over all attempts: a push by its checkpoint, a file
        or request of the intake by its content. `started_by` is the user and host of a push, for
        people. Raises `BatchTakenError` if the id is another
        owner's, whatever became of that batch, and `BatchAbandonedError`.
        """
        token = owner if owner is not None else new_owner()
        now_s = int(self._clock())
        item = new_item(header, source, notes, token or new_owner(), now_s, started_by=started_by)
        try:
            with map_errors(f"register batch {header.batch_id}"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_wire(item),
                    ConditionExpression="attribute_not_exists(creator_name)",
                )
        except ConflictError:
            batch = self.load(header.batch_id)
            if batch is None:
                raise
            check_owner(batch, header, source, token)
            check_not_abandoned(batch)

    def abandon(self, batch_id: str, by: str) -> Batch:
        """End a batch that its producer will not end; return it in status ``abandoning``.

        Calling it again is safe. Raises `NotFoundError` for an unknown batch, and `UserError` for
        one that has ended or ends by itself.
        """
        batch = self._require(batch_id)
        check_can_be_abandoned(batch)
        if batch.abandoned_at is None:
            values = {
                ":after": "abandoning",
                ":at": iso_now(self._clock),
                ":by": by,
                ":sending": "sending",
                ":sent": "sent",
            }
            with contextlib.suppress(ConflictError):  # somebody, or a repeated request, was first
                self._items.update(
                    batch_id,
                    "SET #status = :after, abandoned_at = :at, abandoned_by = :by",
                    values,
                    {"#status": "status"},
                    "#status IN (:sending, :sent)",
                )
            batch = self._require(batch_id)
            check_can_be_abandoned(batch)
        return batch

    def _require(self, batch_id: str) -> Batch:
        batch = self.load(batch_id)
        if batch is None:
            msg = f"no batch {batch_id!r}; `ops-dashboard status` lists them"
            raise NotFoundError(msg)
        return batch

    def record_totals(
        self,
        batch_id: str,
        totals: Totals,
        *,
        sent: bool,
        remarks: Sequence[str] = (),
        rejected: str | None = None,
    ) -> None:
        """Write what a producer has read, sent and refused; with `sent`, the totals are final.

        Idempotent (a retry after a lost response, a resumed push that was killed after it). Raises
        `BatchAbandonedError`, and `ConflictError` if there is no such batch or it has been flushed.
        Nothing is written for a batch that has ended without its end marks: with more rows than it
        has, that is an error, too.
        """
        after = "sent" if rejected is None else "rejecting"
        end = {"status": after} if sent else {}
        changes = {**msgspec.to_builtins(totals), **end, **how_read(remarks, rejected)}
        changes["updated_at"] = iso_now(self._clock)
        first = ", sent_at = if_not_exists(sent_at, :updated_at)" if sent else ""
        try:
            self._items.update(
                batch_id,
                "SET " + ", ".join(f"#{name} = :{name}" for name in changes) + first,
                {f":{name}": value for name, value in changes.items()}
                | {":before": "sending", ":after": after},
                {f"#{name}": name for name in {*changes, "status"}},
                "#status IN (:before, :after)",
            )
        except ConflictError:
            if (batch := self.load(batch_id)) is not None:
                check_not_abandoned(batch)
                if batch.delivery_ended_at is not None:
                    check_no_further_rows(batch, totals.rows_read)
                    return
            if rejected is None or batch is None or batch.rejected is None:
                raise

    def record_drained(self, batch_id: str, buckets: set[int]) -> bool:
        """Record buckets whose end was folded; return whether every bucket is drained now.

        Idempotent. False for a batch that is not registered, or has ended; nothing is recorded if
        the sweeper has stopped waiting for end marks. Raises `UnreadableItemError`.
        """
        try:
            after = self._items.update(
                batch_id,
                "ADD drained :buckets",
                {":buckets": buckets},
                {},
                "attribute_exists(creator_name) AND attribute_not_exists(delivery_ended_at)",
            )
        except ConflictError:
            return False
        batch = read_batch(after)
        return batch.status not in ENDED_BATCHES and batch.is_drained

    def move(self, batch_id: str, before: str, after: str) -> bool:
        """Move a batch from status `before` to `after`; return False if its status is another."""
        try:
            self._items.update(
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
        return self._items.load(batch_id)

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
                yield item[table.CLOSED_AT], table.batch_of(item[table.PARTITION_KEY])

    def newest_in(self, statuses: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield when each batch in some statuses started, and its id, the newest first."""
        newest = (self.started_in(status, newest_first=True) for status in statuses)
        return heapq.merge(*newest, reverse=True)

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
        numbers = {name: getattr(counted, name) for name in COUNTED}
        if not counted.deferred:  # as for nearly all batches
            del numbers["deferred"]
        try:
            self._items.update(
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
        found = self._query(
            table.BATCH_INDEX,
            "batch_id = :batch AND #item >= :first",
            {":batch": batch_id, ":first": table.FIRST_WINDOW},
            {"#item": table.SORT_KEY},
        )
        return map(readable_window, found)

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
