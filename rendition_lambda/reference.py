"""Which photo a user names: by its key, by its address, or by that of an output. Edge (DynamoDB).

An output's key does not say whose it is: the name in it is claimed (`rendition_lambda.names`), and
the claim names the photo.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from rendition_lambda.names import claim_partition
from rendition_lambda.photo_item import NAME_ITEM, PARTITION_KEY, SORT_KEY
from rendition_lambda.places import SCHEME, Place, photo_at
from rendition_lambda.recipe import RECIPES, Recipe
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts.errors import NotFoundError
from stream_ingest.contracts.stack_outputs import PhotosOutputs

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_WEB = ("https://", "http://")


class PhotoReferences:
    """Finds the photos of one stack that a user names."""

    def __init__(self, dynamodb: DynamoDBClient, photos: PhotosOutputs) -> None:
        """Look up claimed names in the stack's table."""
        self._dynamodb, self._photos = dynamodb, photos

    def resolve(self, reference: str) -> str:
        """Return the name of a photo (`places`); it need not exist.

        Raises `NotFoundError` if the reference is the address of an output that no photo has.
        """
        photos = self._photos
        if reference.startswith(_WEB):
            return self._owner(unquote(urlsplit(reference).path).lstrip("/"))
        if not reference.startswith(SCHEME):
            return reference
        bucket, _, key = reference.removeprefix(SCHEME).partition("/")
        if bucket == photos.renditions_bucket:
            return self._owner(key)
        return photo_at(Place(bucket=bucket, key=key), photos.uploads_bucket)

    def _owner(self, key: str) -> str:
        """Return whose output an object of the bucket of renditions is."""
        for recipe in RECIPES.values():
            for gallery, stem in _names_in(recipe, key):
                item = {
                    PARTITION_KEY: claim_partition(recipe, gallery, stem),
                    SORT_KEY: NAME_ITEM,
                }
                with map_errors(f"find the photo of {key}"):
                    found = self._dynamodb.get_item(
                        TableName=self._photos.table, Key=to_wire(item), ConsistentRead=True
                    )
                if "Item" in found:
                    return str(from_wire(found["Item"])["original_key"])
        msg = f"no photo has the output {key!r}; its key begins with renditions/ or processed/"
        raise NotFoundError(msg)


def _names_in(recipe: Recipe, key: str) -> list[tuple[str, str]]:
    """Return the gallery and the stem that a key of an output contains, by each fitting output."""
    templates = (*(output.key for output in recipe.outputs), recipe.manifest)
    found = []
    for template in filter(None, templates):
        pattern = re.escape(template)
        for field in ("gallery", "stem"):
            pattern = pattern.replace(rf"\{{{field}\}}", rf"(?P<{field}>[^/]+)")
        if match := re.fullmatch(pattern, key):
            found.append((match.groupdict().get("gallery", ""), match["stem"]))
    return found
