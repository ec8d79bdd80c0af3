"""Packs of prefetched covers, and which windows still need them. Edge (S3, DynamoDB).

An item beside each pack holds the numbers of the members that a window still needs. Whoever takes
the last one away removes the pack; a lifecycle rule removes what a failed window never gave back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stream_ingest.aws.errors import CONDITION_FAILED, error_code, map_errors
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.events import PrefetchedCover
from stream_ingest.contracts.settings import DAY_S

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

_LINGER_S = 7 * DAY_S
"""How much longer than its pack an item is kept."""


class PackStore:
    """Puts packs up and takes them down."""

    def __init__(
        self, s3: S3Client, bucket: str, dynamodb: DynamoDBClient, table_name: str
    ) -> None:
        """Use a bucket and a table."""
        self._s3, self._bucket = s3, bucket
        self._dynamodb, self._table = dynamodb, table_name

    def put(self, key: str, pack: IO[bytes]) -> bool:
        """Put a pack; tell whether there was none under its key, and so this is it."""
        try:
            with map_errors(f"put {key}"):
                self._s3.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=pack,
                    ContentType="application/zip",
                    IfNoneMatch="*",
                )
        except ClientError as error:
            if error_code(error) not in CONDITION_FAILED:
                raise
            return False
        return True

    def begin(self, key: str, members: Collection[int], until: int) -> bool:
        """Note that all of a pack's members are waited with; tell whether the pack is there.

        Nothing happens the second time. What is left of an earlier pack under the same key is
        overwritten. A process that comes so late that others have taken the pack down already
        leaves no item behind.
        """
        item: Item = {
            **_key(key),
            "waiting": set(members),
            table.TTL_ATTRIBUTE: _expires_at(until),
        }
        try:
            with map_errors(f"begin {key}"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_wire(item),
                    ConditionExpression="attribute_not_exists(creator_name)"
                    " OR expires_at < :expires",
                    ExpressionAttributeValues=to_wire({":expires": _expires_at(until)}),
                )
        except ConflictError:
            return True
        if self._is_up(key):
            return True
        self._forget(key)
        return False

    def clear(self, key: str) -> None:
        """Remove the item of a pack that is gone: whoever took that down came no further."""
        try:
            with map_errors(f"clear {key}"):
                self._dynamodb.delete_item(
                    TableName=self._table,
                    Key=to_wire(_key(key)),
                    ConditionExpression="attribute_not_exists(waiting)",
                )
        except ConflictError:
            return  # another delivery of the same request has just put its pack up

    def release_pack(self, covers: Iterable[PrefetchedCover]) -> None:
        """Let go of prefetched covers of which no window has any need; safe to call again."""
        by_pack: dict[tuple[str, int], set[int]] = {}
        for cover in covers:
            by_pack.setdefault((cover.pack, cover.until), set()).add(cover.member)
        for (pack, until), members in by_pack.items():
            if not self._still_waiting(pack, until, members):
                self._remove(pack)

    def _still_waiting(self, pack: str, until: int, members: set[int]) -> bool:
        """Take members away; tell whether others are waited with, or the pack is gone already."""
        update: Any = {
            "TableName": self._table,
            "Key": to_wire(_key(pack)),
            "UpdateExpression": "DELETE waiting :members",
            "ConditionExpression": "expires_at = :expires",  # no later pack of the same key
            "ExpressionAttributeValues": to_wire(
                {":members": members, ":expires": _expires_at(until)}
            ),
            "ReturnValues": "ALL_NEW",
        }
        try:
            with map_errors(f"give back covers of {pack}"):
                answer = self._dynamodb.update_item(**update)
        except ConflictError:
            return True
        return "waiting" in answer["Attributes"]

    def _remove(self, pack: str) -> None:
        """Delete the pack, then its item: cut short in between, whoever comes next does it."""
        with map_errors(f"delete {pack}"):
            self._s3.delete_object(Bucket=self._bucket, Key=pack)
        self._forget(pack)

    def _forget(self, pack: str) -> None:
        with map_errors(f"delete the item of {pack}"):
            self._dynamodb.delete_item(TableName=self._table, Key=to_wire(_key(pack)))

    def _is_up(self, pack: str) -> bool:
        try:
            with map_errors(f"look at {pack}"):
                self._s3.head_object(Bucket=self._bucket, Key=pack)
        except ClientError as error:
            if error_code(error) not in CONDITION_FAILED:
                raise
            return False
        return True


def _expires_at(until: int) -> int:
    """Return when the item of a pack is removed, which also tells it from others of its key."""
    return until + _LINGER_S


def _key(pack: str) -> Item:
    return {table.PARTITION_KEY: table.pack_partition(pack), table.SORT_KEY: table.PREFETCHED}
