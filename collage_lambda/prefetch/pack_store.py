"""Packs of prefetched covers, and which windows still need them. Edge (S3, DynamoDB).

An item in the table has the numbers of a pack's members that windows still need. When the last one
is released, the pack is deleted; a lifecycle rule deletes what failed windows never release.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import IO, TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from stream_ingest.aws.conditional_put import if_unchanged, put_own_if
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
"""How much longer than its pack an item lives."""


class PackStore:
    """Stores packs and deletes them."""

    def __init__(
        self, s3: S3Client, bucket: str, dynamodb: DynamoDBClient, table_name: str
    ) -> None:
        """Use a bucket and a table."""
        self._s3, self._bucket = s3, bucket
        self._dynamodb, self._table = dynamodb, table_name

    def put(self, key: str, pack: IO[bytes]) -> bool:
        """Put a pack unless its key is taken; return whether it was put."""
        return put_own_if(
            self._s3,
            if_unchanged(None),
            Bucket=self._bucket,
            Key=key,
            Body=pack,
            ContentType="application/zip",
        )

    def register(self, key: str, members: Collection[int], until: int) -> bool:
        """Mark every member of a pack as needed; return whether the pack exists.

        The second call changes nothing. A leftover item of an earlier pack under the same key is
        replaced. If the pack was deleted in the meantime, no item is left behind.
        """
        item: Item = {
            **_key(key),
            "waiting": set(members),
            table.TTL_ATTRIBUTE: _expires_at(until),
        }
        try:
            with map_errors(f"register {key}"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_wire(item),
                    ConditionExpression="attribute_not_exists(creator_name)"
                    " OR expires_at < :expires",
                    ExpressionAttributeValues=to_wire({":expires": _expires_at(until)}),
                )
        except ConflictError:
            return True
        if self._exists(key):
            return True
        self._forget(key)
        return False

    def remove_leftover(self, key: str) -> None:
        """Delete the item of a pack that is gone, after a crash between the two deletions."""
        try:
            with map_errors(f"remove the leftover item of {key}"):
                self._dynamodb.delete_item(
                    TableName=self._table,
                    Key=to_wire(_key(key)),
                    ConditionExpression="attribute_not_exists(waiting)",
                )
        except ConflictError:
            return  # another delivery of the same request has just registered its pack

    def release_pack(self, covers: Iterable[PrefetchedCover]) -> None:
        """Release covers that no window needs any more, and delete empty packs; safe to repeat."""
        by_pack: dict[tuple[str, int], set[int]] = {}
        for cover in covers:
            by_pack.setdefault((cover.pack, cover.until), set()).add(cover.member)
        for (pack, until), members in by_pack.items():
            if not self._release_members(pack, until, members):
                self.delete_pack(pack)

    def _release_members(self, pack: str, until: int, members: set[int]) -> bool:
        """Remove members from the item; return whether the pack has to stay or is already gone."""
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
            with map_errors(f"release covers of {pack}"):
                answer = self._dynamodb.update_item(**update)
        except ConflictError:
            return True
        return "waiting" in answer["Attributes"]

    def delete_pack(self, pack: str) -> None:
        """Delete the pack, then its item; if that is cut short, the next release does it again."""
        with map_errors(f"delete {pack}"):
            self._s3.delete_object(Bucket=self._bucket, Key=pack)
        self._forget(pack)

    def _forget(self, pack: str) -> None:
        with map_errors(f"delete the item of {pack}"):
            self._dynamodb.delete_item(TableName=self._table, Key=to_wire(_key(pack)))

    def _exists(self, pack: str) -> bool:
        try:
            with map_errors(f"head {pack}"):
                self._s3.head_object(Bucket=self._bucket, Key=pack)
        except ClientError as error:
            if error_code(error) not in CONDITION_FAILED:
                raise
            return False
        return True


def _expires_at(until: int) -> int:
    """Return when a pack's item expires, which also distinguishes it from others of its key."""
    return until + _LINGER_S


def _key(pack: str) -> Item:
    return {table.PARTITION_KEY: table.pack_partition(pack), table.SORT_KEY: table.PREFETCHED}
