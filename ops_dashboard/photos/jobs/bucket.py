"""The objects of a bucket, in pages. Edge (S3).

Keys are in the order of their UTF-8 bytes, in S3, in DynamoDB and in Python alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from os.path import commonprefix
from typing import TYPE_CHECKING, Any

import msgspec

from rendition_lambda.original import Original, original_of
from rendition_lambda.places import Place, photo_at
from stream_ingest.aws.errors import map_errors

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """An object of a listing."""

    key: str
    original: Original


class PhotoBucket:
    """Lists one bucket; it may keep versions or not."""

    def __init__(self, s3: S3Client, bucket: str, uploads: str) -> None:
        """List `bucket`; `uploads` is the stack's own bucket of uploads."""
        self._s3, self._bucket, self._uploads = s3, bucket, uploads

    def pages(self, prefix: str, after: str) -> Iterator[list[Found]]:
        """Yield the current objects whose keys are after `after`, up to 1,000 at a time.

        A page may be empty: a listing has earlier versions and delete markers, too.
        """
        request: dict[str, Any] = {"Bucket": self._bucket, "Prefix": prefix}
        if after:
            request["KeyMarker"] = after
        while True:
            with map_errors(f"list {self._bucket}"):
                answer = self._s3.list_object_versions(**request)
            yield [
                Found(key=each["Key"], original=self._original(each))
                for each in answer.get("Versions", ())
                if each["IsLatest"]
            ]
            if not answer.get("IsTruncated"):
                return
            request["KeyMarker"] = answer["NextKeyMarker"]
            if "NextVersionIdMarker" in answer:
                request["VersionIdMarker"] = answer["NextVersionIdMarker"]

    def _original(self, each: Any) -> Original:  # noqa: ANN401 - an entry of S3's listing
        place = Place(bucket=self._bucket, key=each["Key"])
        return original_of(
            photo_at(place, self._uploads),
            version_id=each["VersionId"],
            etag=each["ETag"],
            size=each["Size"],
            modified=each["LastModified"],
        )

    def existing(self, keys: Sequence[str]) -> set[str]:
        """Return those keys that have an object now."""
        folders: dict[str | None, list[str]] = defaultdict(list)
        for key in sorted(keys):
            folders[key.partition("/")[0] if "/" in key else None].append(key)
        return {key for each in folders.values() for key in self._existing(each)}

    def _existing(self, keys: list[str]) -> set[str]:
        """Return the existing ones of sorted keys, all of one folder or all of the root."""
        prefix = commonprefix(keys)  # noqa: RUF071 - by character, as prefixes in S3 are
        request: dict[str, Any] = {"Bucket": self._bucket, "Prefix": prefix}
        if "/" not in keys[0]:
            request["Delimiter"] = "/"
        if start := keys[0][:-1]:
            request["StartAfter"] = start
        found: set[str] = set()
        while True:
            with map_errors(f"list {self._bucket}"):
                answer = self._s3.list_objects_v2(**request)
            listed = [each["Key"] for each in answer.get("Contents", ())]
            found.update(listed)
            is_past = bool(listed) and listed[-1] >= keys[-1]
            if is_past or not answer.get("IsTruncated"):
                return found.intersection(keys)
            request["ContinuationToken"] = answer["NextContinuationToken"]
