"""How far the search for files has come, and when the next one is due. Edge (DynamoDB).

One item, ``table#`` / ``files``. A folder with very many files takes several sweeps: each continues
after the last page of the one before. Two sweeps at once do the same work twice, which is harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.contracts import table

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_KEY = {table.PARTITION_KEY: table.NUMBERING_PARTITION, table.SORT_KEY: table.FILES}


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """Where the next sweep begins."""

    bucket: str
    """The bucket that was searched: another one is searched at once."""
    next_at: int = 0
    """Epoch second from which the next search is due."""
    key: str = ""
    """The last key that was read of a search that is not over; empty between two searches."""
    version: str = ""
    deleted_at: int | None = None
    """When that key was deleted, if it was (`listing.Listing.deleted`)."""
    youngest_at: int | None = None
    """When the search has to be repeated for a file that was too young (epoch s); None for none."""

    @property
    def markers(self) -> dict[str, Any]:
        """The arguments of ListObjectVersions that continue after the last page."""
        return {"KeyMarker": self.key, "VersionIdMarker": self.version} if self.key else {}

    @property
    def deleted(self) -> Mapping[str, int]:
        """What `listing.read_page` needs to know of the page before."""
        return {} if self.deleted_at is None else {self.key: self.deleted_at}


class PositionStore:
    """Reads and writes the position."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Use a low-level client."""
        self._dynamodb, self._table = dynamodb, table_name

    def load(self, bucket: str) -> Position:
        """Return the position in a bucket: the beginning, due at once, if it cannot be read."""
        with map_errors("read the position of the search for files"):
            answer: Any = self._dynamodb.get_item(
                TableName=self._table, Key=to_wire(_KEY), ConsistentRead=True
            )
        item = from_wire(answer.get("Item", {}))
        try:
            found = msgspec.convert(_fields(item), Position, strict=False)
        except (TypeError, ValueError, msgspec.ValidationError):
            return Position(bucket=bucket)
        return found if found.bucket == bucket else Position(bucket=bucket)

    def save(self, position: Position) -> None:
        """Write the position."""
        fields = {
            name: value
            for name, value in msgspec.structs.asdict(position).items()
            if value is not None
        }
        with map_errors("write the position of the search for files"):
            self._dynamodb.put_item(TableName=self._table, Item=to_wire({**_KEY, **fields}))


def _fields(item: Item) -> dict[str, object]:
    return {
        name: int(value) if name.endswith("_at") else value
        for name, value in item.items()
        if name not in _KEY
    }
