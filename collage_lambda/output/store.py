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
from collage_lambda.shares import Share
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
_NO_METADATA: Mapping[str, str] = {}
_SHARE = "originals"
"""Name of the metadata with a window's `Share`, of the two objects that are put first."""
_CLOCKS_DIFFER = timedelta(minutes=1)
"""How far the clocks of S3 and of Lambda may be apart."""
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})

Etags = Mapping[str, str]
"""ETags by key; a key without an object is absent."""
NO_ETAGS: Etags = {}


class Existing(msgspec.Struct, frozen=True, kw_only=True):
    """What is at a window's keys: the objects, and the share that the metadata names."""

    etags: Etags = NO_ETAGS
    share: Share | None = None


NOTHING = Existing()


class PublishConflictError(ConflictError):
    """Another worker has published this window since it was claimed."""


class OtherWindowError(PermanentError):
    """An object of another window is at a key, and must not be replaced."""


class OutputFiles(msgspec.Struct, frozen=True, kw_only=True):
    """The encoded results of one build, and where its originals are if in a pack with others."""

    collage: bytes
    thumbnail: bytes
    metadata: bytes
    share: Share | None = None


class OutputStore:
    """Reads and writes windows' objects."""

    def __init__(
        self, s3: S3Client, bucket: str, *, copies_by_creator: bool, threads: Executor
    ) -> None:
        """Write to `bucket`; use `threads` for requests that need no order."""
        self._s3, self.bucket = s3, bucket
        self._copies, self._threads = copies_by_creator, threads

    def existing(self, keys: WindowKeys) -> Existing:
        """Return what a window's keys have, which `publish` may then replace.

        Raises `OtherWindowError` if an object is another window's.
        """
        wanted = [keys.collage, keys.thumbnail, keys.metadata]
        wanted += [keys.by_creator] if self._copies else []
        heads = self._threads.map(lambda key: self._head(key, keys.closed_at), wanted)
        found = {key: head for key, head in zip(wanted, heads, strict=True) if head is not None}
        shares = (Share.parse(head["Metadata"].get(_SHARE, "")) for head in found.values())
        return Existing(
            etags={key: head["ETag"] for key, head in found.items()},
            share=next((share for share in shares if share is not None), None),
        )

    def _head(self, key: str, closed_at: datetime) -> HeadObjectOutputTypeDef | None:
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
        return found

    def publish(self, keys: WindowKeys, files: OutputFiles, etags: Etags) -> None:
        """Put a window's objects in place of those in `etags`.

        Raises `PublishConflictError` if another object is at a key. Safe to repeat after a crash at
        any point with fresh `etags`: it writes the same objects.
        """
        first = [
            self._threads.submit(
                self._put,
                keys,
                keys.thumbnail,
                files.thumbnail,
                etags,
                described=_described(files.share),
            ),
            self._threads.submit(self.put_metadata, keys, files.metadata, etags, files.share),
        ]
        for done in first:
            done.result()
        self._put(keys, keys.collage, files.collage, etags)
        if self._copies and keys.by_creator != keys.collage:
            self._put(keys, keys.by_creator, files.collage, etags)

    def put_metadata(
        self, keys: WindowKeys, metadata: bytes, etags: Etags, share: Share | None = None
    ) -> None:
        """Put a window's metadata, also of a failed one; raises as `publish` does."""
        described = _described(share)
        self._put(keys, keys.metadata, metadata, etags, kind=JSON, described=described)

    def _put(  # noqa: PLR0913 - what an object has
        self,
        keys: WindowKeys,
        key: str,
        body: bytes,
        etags: Etags,
        *,
        kind: str = JPEG,
        described: Mapping[str, str] = _NO_METADATA,
    ) -> None:
        is_put = put_own_if(
            self._s3,
            if_unchanged(etags.get(key)),
            Bucket=self.bucket,
            Key=key,
            Body=body,
            ContentType=kind,
            CacheControl=_DOCUMENT_CACHE if kind == JSON else _PICTURE_CACHE,
            Metadata={_CLOSED_AT: keys.closed_at.isoformat(), **described},
        )
        if not is_put:
            msg = f"{key} was published by another worker"
            raise PublishConflictError(msg)


def _described(share: Share | None) -> Mapping[str, str]:
    return {_SHARE: str(share)} if share else _NO_METADATA


def _other_window(found: HeadObjectOutputTypeDef, closed_at: datetime) -> str | None:
    """Return when the window closed that an object belongs to, None if it may be the right one."""
    recorded = found["Metadata"].get(_CLOSED_AT)
    if recorded is not None:
        same = recorded == closed_at.isoformat()
        return None if same else f"which closed at {recorded}"
    put_at = found["LastModified"]
    same = put_at >= closed_at - _CLOCKS_DIFFER
    return None if same else f"put at {put_at.isoformat()}, before this one closed"
