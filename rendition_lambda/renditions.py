"""Outputs of photos in the bucket of renditions. Edge (S3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

from rendition_lambda.original import Original
from rendition_lambda.recipe import Recipe
from stream_ingest.aws.errors import map_errors

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CACHE_CONTROL = "public, max-age=31536000, immutable"
"""Addresses change with the version and the recipe, so what is at one never does."""


class Renditions:
    """Writes the bucket of renditions."""

    def __init__(self, s3: S3Client, bucket: str, threads: Executor) -> None:
        """Write to `bucket`, several objects at once in `threads`."""
        self._s3, self.bucket, self._threads = s3, bucket, threads

    def store(self, files: Mapping[str, Path], original: Original, recipe: Recipe) -> None:
        """Put files under their keys; safe to repeat."""
        metadata = {
            "recipe": recipe.name,
            "recipe-version": recipe.version,
            "original-version": original.version,
            "uploaded-at": original.uploaded_at,
        }
        waiting = [
            self._threads.submit(self._put, key, path, metadata) for key, path in files.items()
        ]
        for each in waiting:
            each.result()

    def remove(self, keys: Iterable[str]) -> None:
        """Delete objects; one that is not there is no error."""
        for each in [self._threads.submit(self._delete, key) for key in keys]:
            each.result()

    def _put(self, key: str, path: Path, metadata: dict[str, str]) -> None:
        with map_errors(f"put {key}"):
            self._s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=path.read_bytes(),
                ContentType="image/jpeg",
                CacheControl=CACHE_CONTROL,
                Metadata=metadata,
            )

    def _delete(self, key: str) -> None:
        with map_errors(f"delete {key}"):
            self._s3.delete_object(Bucket=self.bucket, Key=key)
