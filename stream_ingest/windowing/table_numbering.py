"""From where the windows of the table are numbered. Edge (DynamoDB).

The rules are those of `rules.numbering`. The answer is read again every `FRESH_S`, because a table
may be restored under its name while functions are running; a restore takes longer than that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.windowing.rules.numbering import Numbering, TableFacts, first_window

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

FRESH_S = 60
"""Seconds for which a process relies on what it has read."""
_UNKNOWN = -1
"""No table was created then."""
_KEY = {table.PARTITION_KEY: table.NUMBERING_PARTITION, table.SORT_KEY: table.NUMBERING}


class TableNumbering:
    """Reads and writes the numbering of one table. Safe to share between threads."""

    def __init__(
        self, dynamodb: DynamoDBClient, table_name: str, clock: Callable[[], float]
    ) -> None:
        """Use a low-level client; `clock` gives epoch seconds."""
        self._dynamodb, self._table, self._clock = dynamodb, table_name, clock
        self._known: tuple[float, int] | None = None
        """When the first number was read, and the number."""

    def first(self) -> int:
        """Return the lowest number that a window may get, at most `FRESH_S` old.

        Writes the numbering of a table that has none. Raises `TransientError` if the table is
        unavailable.
        """
        now_s = self._clock()
        if self._known is None or not 0 <= now_s - self._known[0] < FRESH_S:
            facts = self.facts()
            numbering = self.read()
            if numbering is None and not facts.is_restored:
                self._begin(Numbering(created_at_ms=facts.created_at_ms))
            self._known = now_s, first_window(facts, numbering)
        return self._known[1]

    def facts(self) -> TableFacts:
        """Return what DynamoDB says about the table."""
        with map_errors("describe the table"):
            answer = self._dynamodb.describe_table(TableName=self._table)["Table"]
        return TableFacts(
            created_at_ms=round(answer["CreationDateTime"].timestamp() * 1_000),
            is_restored="RestoreSummary" in answer,
        )

    def read(self) -> Numbering | None:
        """Return the table's numbering, read consistently; None if it has none yet.

        One that cannot be read counts as another table's: numbers that are too high do no harm.
        """
        with map_errors("read the numbering"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=to_wire(_KEY), ConsistentRead=True
            )
        if "Item" not in answer:
            return None
        item = from_wire(answer["Item"])
        try:
            created_at_ms, first = int(item["created_at_ms"]), int(item["first_window"])
        except (KeyError, TypeError, ValueError):
            return Numbering(created_at_ms=_UNKNOWN)
        return Numbering(created_at_ms=created_at_ms, first=first)

    def write(self, numbering: Numbering) -> None:
        """Number the table's windows from `numbering.first` on."""
        self._put(numbering)
        self._known = None

    def _begin(self, numbering: Numbering) -> None:
        try:
            self._put(numbering, ConditionExpression="attribute_not_exists(creator_name)")
        except ConflictError:
            return  # another process was first, or the SDK repeated this call

    def _put(self, numbering: Numbering, **condition: str) -> None:
        item = _KEY | {"created_at_ms": numbering.created_at_ms, "first_window": numbering.first}
        request: Any = {"TableName": self._table, "Item": to_wire(item), **condition}
        with map_errors("write the numbering"):
            self._dynamodb.put_item(**request)
