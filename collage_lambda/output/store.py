"""A window's objects in the output bucket. Edge (S3).

Order: thumbnail and metadata first, the collage last. Whoever sees a collage finds the rest of it.
Every object is fenced by a conditional put on what the claim saw there, so of two workers with the
same window one publishes and the other learns that it came second, before it overwrites anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from collage_lambda.output.keys import WindowKeys
from stream_ingest.aws.errors import CONDITION_FAILED, error_code, map_errors
from stream_ingest.contracts.errors import ConflictError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

JPEG, JSON = "image/jpeg", "application/json"
_PICTURE_CACHE = "private, max-age=3600"
"""A replay may rebuild a collage under its key, so a copy is not good for ever."""
_DOCUMENT_CACHE = "no-cache"
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})

Seen = Mapping[str, str]
"""What a claim saw: ETags by key; where no object was, there is none."""
NOTHING_SEEN: Seen = {}


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

    def look(self, keys: WindowKeys) -> Seen:
        """Return what is at a window's keys now: what `publish` may replace."""
        wanted = [keys.collage, keys.thumbnail, keys.metadata]
        wanted += [keys.by_creator] if self._copies else []
        etags = self._threads.map(self._etag, wanted)
        return {key: etag for key, etag in zip(wanted, etags, strict=True) if etag is not None}

    def _etag(self, key: str) -> str | None:
        try:
            with map_errors(f"look at {key}"):
                return self._s3.head_object(Bucket=self.bucket, Key=key)["ETag"]
        except ClientError as error:
            if error_code(error) in _MISSING:
                return None
            raise

    def publish(self, keys: WindowKeys, products: Products, seen: Seen) -> None:
        """Put a window's objects; `PublishConflictError` where the claim's view no longer holds.

        Calling it again after a crash at any point writes the same objects, given a fresh `seen`.
        """
        first = [
            self._threads.submit(self._put, keys.thumbnail, products.thumbnail, JPEG, seen),
            self._threads.submit(self.put_metadata, keys, products.metadata, seen),
        ]
        for done in first:
            done.result()
        self._put(keys.collage, products.collage, JPEG, seen)
        if self._copies:
            self._put(keys.by_creator, products.collage, JPEG, seen)

    def put_metadata(self, keys: WindowKeys, metadata: bytes, seen: Seen) -> None:
        """Put a window's metadata, which a failed one has too; raises as `publish` does."""
        self._put(keys.metadata, metadata, JSON, seen)

    def _put(self, key: str, body: bytes, kind: str, seen: Seen) -> None:
        condition: Any = {"IfMatch": seen[key]} if key in seen else {"IfNoneMatch": "*"}
        try:
            with map_errors(f"put {key}"):
                self._s3.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=body,
                    ContentType=kind,
                    CacheControl=_DOCUMENT_CACHE if kind == JSON else _PICTURE_CACHE,
                    **condition,
                )
        except ClientError as error:
            if error_code(error) not in CONDITION_FAILED:
                raise
            msg = f"{key} was published by another worker ({error_code(error)})"
            raise PublishConflictError(msg) from error
