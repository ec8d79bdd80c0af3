"""A window's objects in the output bucket. Edge (S3).

Order: thumbnail and metadata first, the collage last. Whoever sees a collage finds the rest of it.
The collage is fenced by a conditional put on what the claim saw there, so of two workers with the
same window one publishes and the other learns that it came second.
"""

from __future__ import annotations

from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from collage_lambda.keys import WindowKeys
from stream_ingest.aws_errors import error_code, translated
from stream_ingest.errors import ConflictError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

JPEG, JSON = "image/jpeg", "application/json"
_PICTURE_CACHE = "private, max-age=3600"
"""A replay may rebuild a collage under its key, so a copy is not good for ever."""
_DOCUMENT_CACHE = "no-cache"
_FENCED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "404", "412"})
"""A conditional put lost: another object is there, is being put right now, or has gone."""
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


class PublishConflictError(ConflictError):
    """Another worker has published this window since it was claimed."""


class Products(msgspec.Struct, frozen=True, kw_only=True):
    """What one build made, encoded."""

    collage: bytes
    thumbnail: bytes
    metadata: bytes


class Outputs:
    """Writes a window's objects."""

    def __init__(
        self, s3: S3Client, bucket: str, *, copies_by_creator: bool, threads: Executor
    ) -> None:
        """Write to `bucket`; `threads` put what needs no order at the same time."""
        self._s3, self.bucket = s3, bucket
        self._copies, self._threads = copies_by_creator, threads

    def etag(self, key: str) -> str | None:
        """Return the ETag of what is at a key, or None where nothing is."""
        try:
            with translated(f"look at {key}"):
                return self._s3.head_object(Bucket=self.bucket, Key=key)["ETag"]
        except ClientError as error:
            if error_code(error) in _MISSING:
                return None
            raise

    def publish(self, keys: WindowKeys, products: Products, seen_etag: str | None) -> None:
        """Put a window's objects; `PublishConflictError` where the claim's view no longer holds.

        Calling it again after a crash at any point writes the same objects, given a fresh
        `seen_etag`.
        """
        first = [
            self._threads.submit(
                self._put, keys.thumbnail, products.thumbnail, JPEG, _PICTURE_CACHE
            ),
            self._threads.submit(self.put_metadata, keys, products.metadata),
        ]
        for done in first:
            done.result()
        self._put_fenced(keys.collage, products.collage, seen_etag)
        if self._copies:
            self._put(keys.by_creator, products.collage, JPEG, _PICTURE_CACHE)

    def put_metadata(self, keys: WindowKeys, metadata: bytes) -> None:
        """Put a window's metadata, which a failed one has too."""
        self._put(keys.metadata, metadata, JSON, _DOCUMENT_CACHE)

    def _put_fenced(self, key: str, body: bytes, seen_etag: str | None) -> None:
        condition = {"IfNoneMatch": "*"} if seen_etag is None else {"IfMatch": seen_etag}
        try:
            self._put(key, body, JPEG, _PICTURE_CACHE, **condition)
        except ClientError as error:
            if error_code(error) not in _FENCED:
                raise
            msg = f"{key} was published by another worker ({error_code(error)})"
            raise PublishConflictError(msg) from error

    def _put(self, key: str, body: bytes, kind: str, cache: str, **condition: Any) -> None:  # noqa: ANN401 - S3's own words
        with translated(f"put {key}"):
            self._s3.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ContentType=kind,
                CacheControl=cache,
                **condition,
            )
