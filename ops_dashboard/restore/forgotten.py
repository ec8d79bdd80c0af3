"""Windows that were built after a backup, from their metadata in S3. Edge (S3, DynamoDB).

Every window that ended has a metadata document with its images, whatever the table remembers.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from collage_lambda.output.metadata import WindowMetadata
from ops_dashboard.inspect.window_metadata import read_metadata
from stream_ingest.aws.dynamodb import BatchGet
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.naming import split_window_id

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

LONGEST_BUILD = timedelta(minutes=16)
"""A window's metadata is put at most this long before its end is written: Lambda's longest run."""
_AT_ONCE = 200
_PREFIX = "metadata/"


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """A window that has ended, which the table does not know."""

    key: str
    """Key of its metadata."""
    metadata: WindowMetadata
    is_unknown: bool
    """Whether the table does not have it at all; else it has it as one that has not ended."""

    @property
    def place(self) -> tuple[str, str]:
        """Its item's keys in the table."""
        key, number = split_window_id(self.metadata.window_id)
        return key, table.window_item(number)


class ForgottenWindows:
    """Finds the windows of one stack that its table has forgotten."""

    def __init__(
        self,
        s3: S3Client,
        bucket: str,
        dynamodb: DynamoDBClient,
        table_name: str,
        threads: Executor,
    ) -> None:
        """Compare `bucket` with a table; `threads` read several documents at once."""
        self._s3, self._bucket, self._threads = s3, bucket, threads
        self._items = BatchGet(dynamodb, table_name)
        self.unreadable: list[str] = []
        """Keys below ``metadata/`` of objects that are not a window's metadata."""

    def since(self, moment: datetime) -> Iterator[list[Forgotten]]:
        """Yield what was built since a moment and is not in the table, some windows at a time.

        Costs a request for each 1,000 objects below ``metadata/``, and one for each of them that
        is new. Documents that cannot be read are added to `unreadable`.
        """
        keys = self._keys(moment - LONGEST_BUILD)
        while some := list(islice(keys, _AT_ONCE)):
            yield list(
                self._compared([each for each in self._threads.map(self._read, some) if each])
            )

    def _read(self, key: str) -> Forgotten | None:
        """Return the window of a document; None if it is gone or not a window's metadata."""
        try:
            metadata = read_metadata(self._s3, self._bucket, key)
            if metadata is None:
                return None
            split_window_id(metadata.window_id)
        except DecodeError:
            self.unreadable.append(key)
            return None
        return Forgotten(key=key, metadata=metadata, is_unknown=True)

    def _keys(self, moment: datetime) -> Iterator[str]:
        with map_errors(f"list {self._bucket}/{_PREFIX}"):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=_PREFIX
            )
            for page in pages:
                for each in page.get("Contents", []):
                    if each["LastModified"] >= moment:
                        yield each["Key"]

    def _compared(self, found: list[Forgotten]) -> Iterator[Forgotten]:
        """Yield the windows that have not ended by the table."""
        items: Iterator[Item] = self._items.items(
            dict.fromkeys(each.place for each in found),
            "read windows",
            consistent=True,
            attributes=(table.PARTITION_KEY, table.SORT_KEY, "status"),
        )
        known = {
            (item[table.PARTITION_KEY], item[table.SORT_KEY]): item["status"] for item in items
        }
        for each in found:
            status = known.get(each.place)
            if status not in table.ENDED:
                yield msgspec.structs.replace(each, is_unknown=status is None)
