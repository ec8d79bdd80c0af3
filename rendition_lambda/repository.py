"""Photos and claimed names in the table `photos`. Edge (DynamoDB)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from rendition_lambda.lifecycle import iso_ms
from rendition_lambda.names import claim_partition, stems
from rendition_lambda.photo_item import (
    NAME_ITEM,
    OPEN,
    OPEN_INDEX,
    PARTITION_KEY,
    SORT_KEY,
    UPDATED_AT,
    Photo,
    from_item,
    to_item,
)
from rendition_lambda.recipe import Recipe
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts.errors import ConflictError, PermanentError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_NEVER_WRITTEN = "attribute_not_exists(revision)"
_UNCHANGED = "revision = :before"
_OWN_NAME = "attribute_not_exists(gallery) OR original_key = :key"


class PhotoChangedError(ConflictError):
    """Another worker has written the photo since it was read; nothing was written."""


class OpenPhoto(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the sparse index."""

    gallery: str
    photo: str
    open: str
    since_s: float
    """Epoch seconds at which the photo was last written, events aside."""


class PhotoRepository:
    """Reads and writes items of photos."""

    def __init__(self, dynamodb: DynamoDBClient, table_name: str) -> None:
        """Use a low-level client."""
        self._dynamodb, self._table = dynamodb, table_name

    def load(self, gallery: str, key: str) -> Photo | None:
        """Return a photo's item as it is now, None if there is none."""
        with map_errors(f"load photo {key}"):
            answer = self._dynamodb.get_item(
                TableName=self._table,
                Key=to_wire({PARTITION_KEY: gallery, SORT_KEY: key}),
                ConsistentRead=True,
            )
        return from_item(from_wire(answer["Item"])) if "Item" in answer else None

    def find_open(
        self, value: str, *, before_s: float, newest_first: bool = False
    ) -> Iterator[OpenPhoto]:
        """Yield photos of the sparse index with a value of `open`, oldest first by default.

        They were last written before an epoch second, their announcement aside.
        """
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": OPEN_INDEX,
            "KeyConditionExpression": "#open = :open AND #at < :before",
            "ExpressionAttributeNames": {"#open": OPEN, "#at": UPDATED_AT},
            "ExpressionAttributeValues": to_wire({":open": value, ":before": iso_ms(before_s)}),
            "ScanIndexForward": not newest_first,
        }
        while True:
            with map_errors("find open photos"):
                page = self._dynamodb.query(**request)
            yield from (_open_photo(from_wire(item)) for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def save(self, photo: Photo) -> None:
        """Write the next revision of a photo.

        Raises `PhotoChangedError` if it is not the next one. A write that the SDK repeats after its
        answer was lost finds its own revision and owner, which counts as written.
        """
        before = photo.revision - 1
        condition: dict[str, Any] = {"ConditionExpression": _NEVER_WRITTEN}
        if before:
            condition = {
                "ConditionExpression": _UNCHANGED,
                "ExpressionAttributeValues": to_wire({":before": before}),
            }
        try:
            with map_errors(f"write photo {photo.photo}"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_wire(to_item(photo)),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                    **condition,
                )
        except ConflictError as error:
            if not _is_own(photo, error):
                msg = f"{photo.photo}: another worker has written it"
                raise PhotoChangedError(msg) from error

    def claim_name(self, recipe: Recipe, photo: Photo) -> str:
        """Return the stem of a photo: the first of its candidates that no other photo has.

        It stays the photo's for ever. Safe to call again, which returns the same stem.
        """
        for stem in stems(photo.photo):
            if self._claim_stem(recipe, photo, stem):
                return stem
        msg = f"{photo.photo}: all of its names are taken by other photos"
        raise PermanentError(msg)

    def _claim_stem(self, recipe: Recipe, photo: Photo, stem: str) -> bool:
        item = {
            PARTITION_KEY: claim_partition(recipe, photo.gallery, stem),
            SORT_KEY: NAME_ITEM,
            "original_key": photo.photo,
        }
        try:
            with map_errors(f"claim a name for {photo.photo}"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_wire(item),
                    ConditionExpression=_OWN_NAME,
                    ExpressionAttributeValues=to_wire({":key": photo.photo}),
                )
        except ConflictError:
            return False
        return True


def _open_photo(item: dict[str, Any]) -> OpenPhoto:
    return OpenPhoto(
        gallery=item[PARTITION_KEY],
        photo=item[SORT_KEY],
        open=item[OPEN],
        since_s=datetime.fromisoformat(item[UPDATED_AT]).timestamp(),
    )


def _is_own(photo: Photo, error: ConflictError) -> bool:
    """Return whether a refused write met what it was about to write."""
    cause = error.__cause__
    found = cause.response.get("Item") if isinstance(cause, ClientError) else None
    if not isinstance(found, dict):
        return False
    stored = from_wire(found)
    return stored.get("revision") == photo.revision and stored.get("owner") == photo.owner
