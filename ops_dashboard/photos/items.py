"""Items of photos, read in batches and in pages. Edge (DynamoDB)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rendition_lambda import photo_item
from rendition_lambda.names import item_key_of
from rendition_lambda.photo_item import PARTITION_KEY, SORT_KEY, Photo, from_item
from stream_ingest.aws.dynamodb import BatchGet, Key
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.aws.queries import query_items

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

DECIDING = (
    *(PARTITION_KEY, SORT_KEY, "status", "lease_until", "version", "recipe", "recipe_version"),
    *("run", "tried", "reason"),
)
"""Attributes by which the work that a photo needs is decided."""
_READING = "read items of photos"


class PhotoItems:
    """Reads the table of photos of one stack."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Use a low-level client."""
        self._dynamodb, self._table = dynamodb, table_name
        self._batches = BatchGet(dynamodb, table_name, key_names=(PARTITION_KEY, SORT_KEY))

    def find(
        self, photos: Iterable[str], attributes: Sequence[str] = (), *, consistent: bool = False
    ) -> dict[str, Photo]:
        """Return the photos that have an item, by name."""
        keys = dict.fromkeys(map(item_key_of, photos))
        items = self._batches.items(keys, _READING, consistent=consistent, attributes=attributes)
        return {photo.photo: photo for photo in map(from_item, items)}

    def pages(
        self, gallery: str | None, after: Key | None, attributes: Sequence[str] = ()
    ) -> Iterator[list[Photo]]:
        """Yield all photos in pages, or those of a gallery; a page may be empty.

        Begins after the item whose key is `after`.
        """
        request: dict[str, Any] = {"TableName": self._table}
        if attributes:
            request["ProjectionExpression"] = ", ".join(f"#{name}" for name in attributes)
            request["ExpressionAttributeNames"] = {f"#{name}": name for name in attributes}
        if gallery is not None:
            names = request.setdefault("ExpressionAttributeNames", {})
            names["#gallery"] = PARTITION_KEY
            request["KeyConditionExpression"] = "#gallery = :gallery"
            request["ExpressionAttributeValues"] = to_wire({":gallery": gallery})
        if after is not None:
            request["ExclusiveStartKey"] = to_wire(
                dict(zip((PARTITION_KEY, SORT_KEY), after, strict=True))
            )
        read = self._dynamodb.scan if gallery is None else self._dynamodb.query
        while True:
            with map_errors(_READING):
                answer = read(**request)
            yield [from_item(item) for item in map(from_wire, answer["Items"]) if is_photo(item)]
            if "LastEvaluatedKey" not in answer:
                return
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def open_photos(self, status: str) -> Iterator[str]:
        """Yield the names of photos in the sparse index, those that changed last first."""
        for item in query_items(
            self._dynamodb,
            "list open photos",
            TableName=self._table,
            IndexName=photo_item.OPEN_INDEX,
            KeyConditionExpression="#open = :open",
            ExpressionAttributeNames={"#open": photo_item.OPEN},
            ExpressionAttributeValues=to_wire({":open": status}),
            ScanIndexForward=False,
        ):
            yield item[SORT_KEY]

    def of_gallery(self, gallery: str) -> Iterator[str]:
        """Yield the names of a gallery's photos, those that were uploaded last first."""
        for item in query_items(
            self._dynamodb,
            "list a gallery",
            TableName=self._table,
            IndexName=photo_item.GALLERY_INDEX,
            KeyConditionExpression="#gallery = :gallery",
            ExpressionAttributeNames={"#gallery": PARTITION_KEY},
            ExpressionAttributeValues=to_wire({":gallery": gallery}),
            ScanIndexForward=False,
        ):
            yield item[SORT_KEY]


def is_photo(item: Item) -> bool:
    """Return whether an item is a photo's: not that of a name or of a job."""
    return photo_item.STATUS in item
