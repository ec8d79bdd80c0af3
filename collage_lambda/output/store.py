"""A window's objects in the output bucket. Edge (S3).

Thumbnail and metadata are put first and the collage last, so a collage that exists is complete.
Every put is conditional on the ETag that the claim found, so of two workers with the same window
one publishes and the other fails before it overwrites anything.

An object is replaced only by its own window: objects have the time at which their window closed as
metadata, and those of older versions are not older than that. Two windows share their keys if a
table lost windows whose objects exist (`stream_ingest.windowing.rules.numbering`).
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from botocore.exceptions import ClientError

from collage_lambda.output.keys import WindowKeys
from stream_ingest.aws.conditional_put import if_unchanged, put_own_if
from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.contracts.errors import ConflictError, PermanentError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef

JPEG, JSON = "image/jpeg", "application/json"
_PICTURE_CACHE = "private, max-age=3600"
"""A replay may rebuild a collage under its key, so a copy does not stay valid for ever."""
_DOCUMENT_CACHE = "no-cache"
_CLOSED_AT = "closed-at"
"""Name of the metadata with the time at which the object's window closed."""
_CLOCKS_DIFFER = timedelta(minutes=1)
"""How far the clocks of S3 and of Lambda may be apart."""
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})

Etags = Mapping[str, str]
"""ETags by key; a key without an object is absent."""
NO_ETAGS: Etags = {}


class PublishConflictError(ConflictError):
    """Another worker has published this window since it was claimed."""


class OtherWindowError(PermanentError):
    """An object of another window is at a key, and must not be replaced."""


class OutputFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The encoded results of one build."""

    collage: bytes
    thumbnail: bytes
    metadata: bytes


class OutputStore:
    """Reads and writes windows' objects."""

    def __init__(
        self, s3: S3Client, bucket: str, *, copies_by_creator: bool, threads: Executor
    ) -> None:
        """Write to `bucket`; use `threads` for requests that need no order."""
        self._s3, self.bucket = s3, bucket
        self._copies, self._threads = copies_by_creator, threads

    def existing(self, keys: WindowKeys) -> Etags:
        """Return the ETags of a window's objects, which `publish` may then replace.

        Raises `OtherWindowError` if an object is another window's.
        """
        wanted = [keys.collage, keys.thumbnail, keys.metadata]
        wanted += [keys.by_creator] if self._copies else []
        etags = self._threads.map(lambda key: self._etag(key, keys.closed_at), wanted)
        return {key: etag for key, etag in zip(wanted, etags, strict=True) if etag is not None}

    def _etag(self, key: str, closed_at: datetime) -> str | None:
        try:
            with map_errors(f"head {key}"):
                found = self._s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error_code(error) in _MISSING:
                return None
            raise
        if (other := _other_window(found, closed_at)) is not None:
            msg = f"{key} belongs to another window, {other}"
            raise OtherWindowError(msg)
        return found["ETag"]

    def publish(self, keys: WindowKeys, files: OutputFiles, etags: Etags) -> None:
        """Put a window's objects in place of those in `etags`.

        Raises `PublishConflictError` if another object is at a key. Safe to repeat after a crash at
        any point with fresh `etags`: it writes the same objects.
        """
        first = [
            self._threads.submit(self._put, keys, keys.thumbnail, files.thumbnail, etags),
            self._threads.submit(self.put_metadata, keys, files.metadata, etags),
        ]
        for done in first:
            done.result()
        self._put(keys, keys.collage, files.collage, etags)
        if self._copies and keys.by_creator != keys.collage:
            self._put(keys, keys.by_creator, files.collage, etags)

    def put_metadata(self, keys: WindowKeys, metadata: bytes, etags: Etags) -> None:
        """Put a window's metadata, also of a failed one; raises as `publish` does."""
        self._put(keys, keys.metadata, metadata, etags, JSON)

    def _put(self, keys: WindowKeys, key: str, body: bytes, etags: Etags, kind: str = JPEG) -> None:
        is_put = put_own_if(
            self._s3,
            if_unchanged(etags.get(key)),
            Bucket=self.bucket,
            Key=key,
            Body=body,
            ContentType=kind,
            CacheControl=_DOCUMENT_CACHE if kind == JSON else _PICTURE_CACHE,
            Metadata={_CLOSED_AT: keys.closed_at.isoformat()},
        )
        if not is_put:
            msg = f"{key} was published by another worker"
            raise PublishConflictError(msg)


def _other_window(found: HeadObjectOutputTypeDef, closed_at: datetime) -> str | None:
    """Return when the window closed that an object belongs to, None if it may be the right one."""
    recorded = found["Metadata"].get(_CLOSED_AT)
    if recorded is not None:
        same = recorded == closed_at.isoformat()
        return None if same else f"which closed at {recorded}"
    put_at = found["LastModified"]
    same = put_at >= closed_at - _CLOCKS_DIFFER
    return None if same else f"put at {put_at.isoformat()}, before this one closed"
