"""Originals in the bucket of uploads and in other buckets. Edge (S3).

A version that HEAD named is read by its id, or under the condition that its ETag is still the same,
so an object that is replaced meanwhile is never half of each.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from rendition_lambda.original import Original, original_of
from rendition_lambda.places import Place, place_of
from rendition_lambda.reasons import PhotoError, PhotoFailure
from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.contracts.errors import PermanentError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_ABSENT = frozenset({"404", "NoSuchKey", "NoSuchVersion", "405", "MethodNotAllowed"})
_REPLACED = frozenset({"412", "PreconditionFailed"})
_ARCHIVED = "InvalidObjectState"
_BLOCK_BYTES = 1 << 20


class ReplacedError(Exception):
    """The version that HEAD named is not there any more."""


class Uploads:
    """Reads the bucket of uploads, and photos of other buckets."""

    def __init__(self, s3: S3Client, bucket: str, others: Collection[str] = ()) -> None:
        """Read from `bucket`, the bucket of uploads, and from `others`."""
        self._s3, self.bucket, self._others = s3, bucket, others

    def place_of(self, photo: str) -> Place:
        """Return where a photo is; raises `PermanentError` if its bucket may not be read."""
        place = place_of(photo, self.bucket)
        if place.bucket not in {self.bucket, *self._others}:
            msg = f"{photo}: the stack may not read bucket {place.bucket!r}"
            raise PermanentError(msg)
        return place

    def find(self, photo: str) -> Original | None:
        """Return the object that is at a photo's place now, None if there is none."""
        place = self.place_of(photo)
        try:
            with map_errors(f"head {photo}"):
                found = self._s3.head_object(Bucket=place.bucket, Key=place.key)
        except ClientError as error:
            if error_code(error) in _ABSENT:
                return None
            raise
        return original_of(
            photo,
            version_id=found.get("VersionId"),
            etag=found["ETag"],
            size=found["ContentLength"],
            modified=found["LastModified"],
        )

    def fetch(self, original: Original, target: Path) -> None:
        """Write an original's bytes to a file.

        Raises `ReplacedError` if it is gone, `PhotoError` if it is archived.
        """
        place = self.place_of(original.photo)
        which: dict[str, Any] = {"IfMatch": f'"{original.etag}"'}
        if original.version_id:
            which = {"VersionId": original.version_id}
        try:
            with map_errors(f"read {original.photo}"), target.open("wb") as file:
                body = self._s3.get_object(Bucket=place.bucket, Key=place.key, **which)["Body"]
                while block := body.read(_BLOCK_BYTES):
                    file.write(block)
        except ClientError as error:
            code = error_code(error)
            if code in _ABSENT | _REPLACED:
                raise ReplacedError from error
            if code == _ARCHIVED:
                detail = "restore it (aws s3api restore-object), then have it rendered again"
                raise PhotoError(PhotoFailure.ARCHIVED, detail) from error
            raise
