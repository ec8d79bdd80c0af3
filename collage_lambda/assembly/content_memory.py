"""Which window of a creator shows which bytes, over the whole dedup horizon. Edge (DynamoDB).

One item per creator and sha256 names the window that shows the image: the first one that wrote it.
It is written under a condition, before the window is encoded, so of two windows at the same time
one shows the image. A window meets its own items in a redelivery, a retry or a replay, and shows
its images again.

Cost: one write unit per image, whether the condition holds or not, and no read (an item has some
190 bytes). A million images are 1 million write units, 0.63 USD on demand in us-east-1, and 0.3 GB
of storage for the horizon, 0.07 USD a month.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import split_window_id, window_id
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.windowing.window_repository import item_in

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

REBUILD_DAYS = 60
"""How much longer than the horizon an item is stored, so that a rebuild finds what the window's
first build found: originals and archived events are stored for 30 days by default."""
_MINE_OR_OUTDATED = "attribute_not_exists(#window) OR #window = :window OR closed_at < :outdated"


class ContentMemory:
    """Remembers the images that each creator's collages show. Safe to share between threads."""

    def __init__(
        self, dynamodb: DynamoDBClient, table_name: str, *, horizon_days: int, threads: Executor
    ) -> None:
        """Remember images for `horizon_days`; `threads` write several at once."""
        self._dynamodb, self._table = dynamodb, table_name
        self._horizon_s, self._threads = horizon_days * DAY_S, threads

    def claim(self, event: WindowReady, sha256s: Iterable[str]) -> dict[str, str]:
        """Record a window's images; return those that another window shows, with its id.

        An image is in another window if the two closed within the horizon of each other. Safe to
        repeat. Raises `TransientError` if the table is unavailable.
        """
        wanted = list(dict.fromkeys(sha256s))
        owners = self._threads.map(lambda sha256: self._claim(event, sha256), wanted)
        return {
            sha256: owner for sha256, owner in zip(wanted, owners, strict=True) if owner is not None
        }

    def _claim(self, event: WindowReady, sha256: str) -> str | None:
        """Record one image; return the id of the other window that shows it."""
        key, number = split_window_id(event.window_id)
        closed_at = int(event.closed_at.timestamp())
        values = {
            ":window": number,
            ":closed": closed_at,
            ":outdated": closed_at - self._horizon_s,
            ":expires": closed_at + self._horizon_s + REBUILD_DAYS * DAY_S,
        }
        try:
            with map_errors(f"remember an image of {event.window_id}"):
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=to_wire(
                        {table.PARTITION_KEY: key, table.SORT_KEY: table.content_item(sha256)}
                    ),
                    UpdateExpression="SET #window = :window, closed_at = :closed,"
                    " expires_at = :expires",
                    ConditionExpression=_MINE_OR_OUTDATED,
                    ExpressionAttributeNames={"#window": "window"},
                    ExpressionAttributeValues=to_wire(values),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConflictError as error:
            found = item_in(error)
            if int(found["closed_at"]) > closed_at + self._horizon_s:
                return None  # this window is rebuilt after a much later one took the image over
            return window_id(key, int(found["window"]))
        return None
