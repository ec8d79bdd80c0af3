"""Names of creators that contain some text, for suggestions. Edge (DynamoDB).

There is no index of names (see `creators`). The names are read from `batch-id-index` when somebody
searches, at most `MAX_READS` MB of it (0.0006 USD), and kept for `LIFETIME_S`. So a creator that is
newer than that is not suggested yet, and of a table with more entries than were read some never
are; `NamesFound.complete` is then False. Whoever knows a whole name finds it with `StoredNames`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from heapq import nsmallest
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from ops_dashboard.inspect.table_reader import TableReader
from stream_ingest.aws.items import to_wire
from stream_ingest.contracts import table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MAX_READS = 20
"""Maximum number of scan requests, of 1 MB each."""
LIFETIME_S = 300.0


class NamesFound(msgspec.Struct, frozen=True, kw_only=True):
    """Names that contain a text; `complete` is False if others may contain it, too."""

    names: list[str]
    complete: bool


class CreatorNames:
    """Searches the names of one stack's creators. Safe to share between threads."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        clock: Callable[[], float] = time.monotonic,
        max_reads: int = MAX_READS,
    ) -> None:
        """Read one stack's table; `clock` gives seconds."""
        self._table, self._clock, self._max_reads = (
            TableReader(dynamodb, table_name),
            clock,
            max_reads,
        )
        self._lock = Lock()
        self._known: list[tuple[str, str]] = []
        """Each name in lower case, and as it is stored."""
        self._complete = False
        self._expires_at_s = float("-inf")

    def containing(self, text: str, limit: int) -> NamesFound:
        """Return names that contain `text` in any case: first those that begin with it."""
        wanted = text.lower()
        known, complete = self._names()
        found = [
            (not lower.startswith(wanted), lower, name) for lower, name in known if wanted in lower
        ]
        names = [name for *_, name in nsmallest(limit, found)]
        return NamesFound(names=names, complete=complete and len(found) <= limit)

    def _names(self) -> tuple[list[tuple[str, str]], bool]:
        with self._lock:
            if self._clock() >= self._expires_at_s:
                self._read()
                self._expires_at_s = self._clock() + LIFETIME_S
            return self._known, self._complete

    def _read(self) -> None:
        names: set[str] = set()
        start, complete = None, False
        for _ in range(self._max_reads):
            items, start = self._table.scan(
                IndexName=table.BATCH_INDEX,
                FilterExpression="#item = :state",
                ProjectionExpression="creator",
                ExpressionAttributeNames={"#item": table.SORT_KEY},
                ExpressionAttributeValues=to_wire({":state": table.STATE}),
                **({"ExclusiveStartKey": to_wire(start)} if start else {}),
            )
            names.update(str(item["creator"]) for item in items if "creator" in item)
            if start is None:
                complete = True
                break
        self._known, self._complete = [(name.lower(), name) for name in names], complete
