"""Outputs of photos in the bucket of renditions. Edge (S3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rendition_lambda.manifest import CONTENT_TYPE
from rendition_lambda.original import Original
from rendition_lambda.recipe import Recipe
from stream_ingest.aws.errors import map_errors

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CACHE_CONTROL = "public, max-age=31536000, immutable"
"""Addresses change with the version and the recipe, so what is at one never does."""
_IMAGE = {"ContentType": "image/jpeg", "CacheControl": CACHE_CONTROL}
_MANIFEST = {"ContentType": CONTENT_TYPE, "CacheControl": "no-cache"}


class Renditions:
    """Writes the bucket of renditions."""

    def __init__(self, s3: S3Client, bucket: str, threads: Executor) -> None:
        """Write to `bucket`, several objects at once in `threads`."""
        self._s3, self.bucket, self._threads = s3, bucket, threads

    def store(self, files: Mapping[str, Path], original: Original, recipe: Recipe) -> None:
        """Put files under their keys; safe to repeat."""
        facts = {**_IMAGE, "Metadata": _metadata(original, recipe)}
        waiting = [
            self._threads.submit(self._put_file, key, path, facts) for key, path in files.items()
        ]
        for each in waiting:
            each.result()

    def store_manifest(self, key: str, body: bytes, original: Original, recipe: Recipe) -> None:
        """Put a photo's manifest; safe to repeat. Its key stays when its photo is replaced."""
        self._put(key, body, {**_MANIFEST, "Metadata": _metadata(original, recipe)})

    def remove(self, keys: Iterable[str]) -> None:
        """Delete objects; one that is not there is no error."""
        for each in [self._threads.submit(self._delete, key) for key in keys]:
            each.result()

    def _put_file(self, key: str, path: Path, facts: Mapping[str, Any]) -> None:
        self._put(key, path.read_bytes(), facts)

    def _put(self, key: str, body: bytes, facts: Mapping[str, Any]) -> None:
        with map_errors(f"put {key}"):
            self._s3.put_object(Bucket=self.bucket, Key=key, Body=body, **facts)

    def _delete(self, key: str) -> None:
        with map_errors(f"delete {key}"):
            self._s3.delete_object(Bucket=self.bucket, Key=key)


def _metadata(original: Original, recipe: Recipe) -> dict[str, str]:
    return {
        "recipe": recipe.name,
        "recipe-version": recipe.version,
        "original-version": original.version,
        "uploaded-at": original.uploaded_at,
    }
