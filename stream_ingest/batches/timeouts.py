"""Batches that would stay open for ever are brought to their end. Edge (DynamoDB).

A batch normally ends when all of its end marks were folded. Marks may be missing: Lambda discarded
their records, they cannot be decoded, or nobody sent them. Two limits replace them:

- `delivery_s` after the last row of a batch was sent, Lambda has folded or discarded every record
  of it (the stack derives it from the mapping's settings:
  `pulumi/delivery_time.py`). Marks that have not been folded by then are missing, and the batch is
  counted without them.
- `SILENT_S` after its producer last wrote its totals, a batch is abandoned.

Each is one conditional write, so two sweeps do it once. Marks that arrive later are not recorded.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from itertools import takewhile
from typing import TYPE_CHECKING

from stream_ingest.aws.items import Item
from stream_ingest.batches.batch_item import iso_now
from stream_ingest.batches.batch_table import BatchTable
from stream_ingest.batches.progress import Batch
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second, parse_utc

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

SILENT_S = 15 * DAY_S
"""Longer than a push can be resumed (8 days) and than a message of the intake can be redriven (14
days, the retention of dead letters)."""
BY_THE_SWEEPER = f"the sweeper: nothing was heard of its producer for {SILENT_S // DAY_S} days"


class BatchTimeouts:
    """Stops waiting for end marks, and for producers."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        clock: Callable[[], float],
        *,
        delivery_s: int,
    ) -> None:
        """`clock` gives epoch seconds; `delivery_s` is how long a record can be delivered."""
        self._items = BatchTable(dynamodb, table_name)
        self._registry = BatchRegistry(dynamodb, table_name, clock)
        self._clock, self._delivery_s = clock, delivery_s

    def apply(self, batch: Batch) -> None:
        """Stop waiting for the end marks of a batch whose records cannot be delivered any more.

        A batch that an earlier version set to ``sent`` does not say when: its time starts now.
        """
        if batch.status not in {"sent", "abandoning"} or batch.is_drained:
            return
        since = batch.abandoned_at or batch.sent_at
        if since is None:
            change = "sent_at"
        elif parse_utc(since).timestamp() + self._delivery_s <= self._clock():
            change = "delivery_ended_at"
        else:
            return
        self._set(
            batch.batch_id,
            f"SET {change} = :now",
            {":status": batch.status},
            f"#status = :status AND attribute_not_exists({change})",
        )

    def old_batches(self) -> list[str]:
        """Return the ids of the batches that are being sent since before `SILENT_S`."""
        before = self._before()
        old = takewhile(lambda each: each[0] < before, self._registry.started_in("sending"))
        return [batch_id for _, batch_id in old]

    def abandon_if_silent(self, batch_id: str) -> None:
        """Abandon a batch whose producer has written nothing for `SILENT_S`.

        A producer of an earlier version does not say when it writes: its time starts now.
        """
        batch = self._items.load(batch_id)
        if batch is None or batch.status != "sending":
            return
        if batch.updated_at is None:
            condition = "#status = :status AND attribute_not_exists(updated_at)"
            self._set(batch_id, "SET updated_at = :now", {":status": "sending"}, condition)
        elif batch.updated_at < self._before():
            self._abandon(batch_id, batch.updated_at)

    def _before(self) -> str:
        return iso_second(from_epoch_s(int(self._clock()) - SILENT_S))

    def _abandon(self, batch_id: str, seen: str) -> None:
        self._set(
            batch_id,
            "SET #status = :after, abandoned_at = :now, abandoned_by = :by",
            {":after": "abandoning", ":status": "sending", ":by": BY_THE_SWEEPER, ":seen": seen},
            "#status = :status AND updated_at = :seen",
        )

    def _set(self, batch_id: str, update: str, values: Item, condition: str) -> None:
        """Update a batch, unless its producer or another sweep was first."""
        with contextlib.suppress(ConflictError):
            self._items.update(
                batch_id,
                update,
                {**values, ":now": iso_now(self._clock)},
                {"#status": "status"},
                condition,
            )
