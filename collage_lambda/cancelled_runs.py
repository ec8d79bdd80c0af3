"""Whether a replay was cancelled (`ops_dashboard.recovery.runs`). Edge (DynamoDB).

Its messages may be in the queue already. They are consumed without a build, and its windows stay as
they are. An eventually consistent read of its item is at most half a read unit; a process repeats
it for each name after some seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import to_wire
from stream_ingest.contracts import table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_KNOWN_FOR_S = 5
_MAX_KNOWN = 64


class CancelledRuns:
    """Looks up runs by the names of replays."""

    def __init__(
        self, dynamodb: DynamoDBClient, table_name: str, clock: Callable[[], float]
    ) -> None:
        """Use a low-level client; `clock` gives epoch seconds."""
        self._dynamodb, self._table, self._clock = dynamodb, table_name, clock
        self._known: dict[str, tuple[float, bool]] = {}

    def includes(self, name: str) -> bool:
        """Return whether a replay is a run that was cancelled; False for one that is no run."""
        read_at_s, cancelled = self._known.get(name, (float("-inf"), False))
        now_s = self._clock()
        if cancelled or now_s - read_at_s < _KNOWN_FOR_S:
            return cancelled
        cancelled = self._read(name)
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[name] = (now_s, cancelled)
        return cancelled

    def _read(self, name: str) -> bool:
        key = {table.PARTITION_KEY: table.RUNS_PARTITION, table.SORT_KEY: table.run_item(name)}
        with map_errors(f"read the run {name}"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=to_wire(key),
                ProjectionExpression="#cancelled",
                ExpressionAttributeNames={"#cancelled": "cancelled"},
            )
        return "cancelled" in answer.get("Item", {})
