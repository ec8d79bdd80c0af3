"""Reading many items of a DynamoDB table by key. Edge (DynamoDB)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import TransientError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

MAX_BATCH_KEYS = 100
"""BatchGetItem takes 100 keys and returns at most 16 MB."""
MAX_ATTEMPTS = 8
FIRST_BACKOFF_S = 0.05
MAX_BACKOFF_S = 1.0

Key = tuple[str, str]
"""Partition key and sort key of an item."""


class BatchGet:
    """Reads items of one table with BatchGetItem. Safe to share between threads.

    Keys that DynamoDB leaves unprocessed are requested again after a back-off with full jitter, up
    to `MAX_ATTEMPTS` requests for the same keys.
    """

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        *,
        key_names: tuple[str, str] = (table.PARTITION_KEY, table.SORT_KEY),
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """Use a low-level client; `jitter` returns a number from 0 to 1."""
        self._dynamodb, self._table, self._key_names = dynamodb, table_name, key_names
        self._sleep, self._jitter = sleep, jitter

    def items(
        self,
        keys: Iterable[Key],
        doing: str,
        *,
        consistent: bool = False,
        attributes: Sequence[str] = (),
    ) -> Iterator[Item]:
        """Yield the items that exist, in no particular order; `keys` must not repeat.

        Reads `attributes` only, or whole items if there are none. Raises `TransientError`, whose
        message begins with `doing`, if keys are still unprocessed after the last attempt.
        """
        options: dict[str, Any] = {"ConsistentRead": consistent}
        if attributes:
            options["ProjectionExpression"] = ", ".join(f"#{name}" for name in attributes)
            options["ExpressionAttributeNames"] = {f"#{name}": name for name in attributes}
        keys = iter(keys)
        while batch := list(islice(keys, MAX_BATCH_KEYS)):
            yield from self._read(
                {"Keys": [self._wire_key(key) for key in batch], **options}, doing
            )

    def _read(self, request: dict[str, Any], doing: str) -> Iterator[Item]:
        unprocessed: Any = {self._table: request}
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                backoff_s = min(FIRST_BACKOFF_S * 2 ** (attempt - 1), MAX_BACKOFF_S)
                self._sleep(backoff_s * self._jitter())
            with map_errors(doing):
                answer = self._dynamodb.batch_get_item(RequestItems=unprocessed)
            yield from map(from_wire, answer["Responses"].get(self._table, []))
            unprocessed = answer.get("UnprocessedKeys")
            if not unprocessed:
                return
        left = len(unprocessed[self._table]["Keys"])
        msg = f"{doing}: {left} keys left unprocessed after {MAX_ATTEMPTS} attempts"
        raise TransientError(msg)

    def _wire_key(self, key: Key) -> Item:
        return to_wire(dict(zip(self._key_names, key, strict=True)))
