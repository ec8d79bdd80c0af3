"""Photos of a stack, by name and by gallery, newest first by their upload. Edge (DynamoDB).

A page of a gallery reads `gallery-index` from the newest entry on, which has a photo's status, then
the items that it shows. So a page of a rare status reads the index, not the items, up to it. The
index is eventually consistent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from ops_dashboard.inspect.cursors import Position, read_cursor, write_cursor
from rendition_lambda.names import item_key_of
from rendition_lambda.photo_item import (
    GALLERY_INDEX,
    PARTITION_KEY,
    SORT_KEY,
    STATUS,
    UPLOADED_AT,
    Photo,
    PhotoStatus,
    from_item,
)
from stream_ingest.aws.dynamodb import BatchGet, Key
from stream_ingest.aws.items import Item, to_wire
from stream_ingest.aws.queries import query_items
from stream_ingest.contracts.errors import UnreadableItemError, UserError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

PAGE = 48
MAX_KEY_BYTES = 1_024
"""Longest key of an S3 object, and longest sort key of DynamoDB, in UTF-8 bytes."""
_EXAMINED = 1_000
"""Index entries of one request where most do not match."""
_LISTING = "gallery"
_PLACE = (PARTITION_KEY, UPLOADED_AT, SORT_KEY)


class PhotoPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some photos of a gallery; `next` is the cursor of the next page, None on the last."""

    photos: list[Photo]
    unreadable: list[str] = []
    """What is wrong with items that are left out."""
    next: str | None = None


class PhotoPages:
    """Reads the table `photos` of one stack. Safe to share between threads."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Read with a low-level client."""
        self._dynamodb, self._table = dynamodb, table_name
        self._batch_get = BatchGet(dynamodb, table_name, key_names=(PARTITION_KEY, SORT_KEY))

    def list_page(
        self,
        gallery: str,
        *,
        status: PhotoStatus | None = None,
        limit: int = PAGE,
        after: str | None = None,
    ) -> PhotoPage:
        """Return the photos after cursor `after`; raises `UserError` if it is invalid.

        Without a status, all but deleted photos. A page may have fewer than `limit` photos and
        still have a next page.
        """
        check_key(gallery, "gallery")
        found = list(islice(self._entries(gallery, status, limit, _position(after)), limit + 1))
        shown, is_last = found[:limit], len(found) <= limit
        photos, unreadable = self._load(_key(entry) for entry in shown)
        cursor = None if is_last else {name: str(shown[-1][name]) for name in _PLACE}
        return PhotoPage(
            photos=photos,
            unreadable=unreadable,
            next=write_cursor({_LISTING: cursor}) if cursor else None,
        )

    def find(self, photos: Iterable[str]) -> list[Photo]:
        """Return the photos of these names in their order, without those that cannot be read.

        Raises `UserError` for what cannot be a name.
        """
        names = [check_key(photo, "key") for photo in dict.fromkeys(photos)]
        return self._load(map(item_key_of, names))[0]

    def _entries(
        self, gallery: str, status: PhotoStatus | None, limit: int, after: Position | None
    ) -> Iterator[Item]:
        sign = "<>" if status is None else "="
        return query_items(
            self._dynamodb,
            "list photos",
            TableName=self._table,
            IndexName=GALLERY_INDEX,
            KeyConditionExpression="#gallery = :gallery",
            FilterExpression=f"#status {sign} :status",
            ExpressionAttributeNames={"#gallery": PARTITION_KEY, "#status": STATUS},
            ExpressionAttributeValues=to_wire(
                {":gallery": gallery, ":status": str(status or PhotoStatus.DELETED)}
            ),
            ScanIndexForward=False,
            Limit=limit + 1 if status is None else _EXAMINED,
            **({"ExclusiveStartKey": to_wire(after)} if after else {}),
        )

    def _load(self, keys: Iterable[Key]) -> tuple[list[Photo], list[str]]:
        """Return the photos of table keys in their order, and what is wrong with the others."""
        wanted = list(keys)
        items = {_key(item): item for item in self._batch_get.items(wanted, "read photos")}
        photos, unreadable = [], []
        for key in wanted:
            if key in items:
                try:
                    photos.append(from_item(items[key]))
                except UnreadableItemError as error:
                    unreadable.append(str(error))
        return photos, unreadable


def check_key(text: str, what: str) -> str:
    """Return a gallery or an object key; raises `UserError` if there can be none of that name."""
    if not text:
        msg = f"the {what} is missing"
        raise UserError(msg)
    if len(text.encode(errors="surrogatepass")) > MAX_KEY_BYTES:
        msg = f"the {what} is longer than {MAX_KEY_BYTES} bytes"
        raise UserError(msg)
    if any("\ud800" <= character <= "\udfff" for character in text):
        msg = f"the {what} is no Unicode text"
        raise UserError(msg)
    return text


def _key(entry: Item) -> Key:
    return entry[PARTITION_KEY], entry[SORT_KEY]


def _position(after: str | None) -> Position | None:
    position = read_cursor(after, {_LISTING}).get(_LISTING)
    if position is not None and position.keys() != set(_PLACE):
        msg = "not a cursor of a gallery: start again from its first page"
        raise UserError(msg)
    return position
