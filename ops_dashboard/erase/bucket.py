"""All versions of the objects of one bucket: listed, read, replaced, deleted. Edge (S3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

import msgspec
from botocore.exceptions import ClientError

from stream_ingest.aws.errors import CONDITION_FAILED, error_code, map_errors
from stream_ingest.aws.request_groups import slices
from stream_ingest.contracts.errors import TransientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_MAX_DELETES = 1_000
_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
_KEPT_FIELDS = ("Metadata", "ContentType", "CacheControl")


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version of an object, or a delete marker; `id` is ``null`` without versioning."""

    key: str
    id: str
    is_latest: bool
    is_marker: bool
    bytes: int
    modified_at: datetime


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """An object's body, with what has to be put again with it."""

    body: bytes
    etag: str
    fields: dict[str, Any]


class Bucket:
    """One bucket. Safe to share between threads."""

    def __init__(self, s3: S3Client, name: str) -> None:
        """Use the bucket `name`."""
        self._s3, self.name = s3, name

    def versions(self, prefix: str = "") -> Iterator[Version]:
        """Yield every version and delete marker below a prefix, with one page in memory."""
        request: Any = {"Bucket": self.name, "Prefix": prefix}
        while True:
            with map_errors(f"list {self.name}/{prefix}"):
                page = self._s3.list_object_versions(**request)
            for version in page.get("Versions", []):
                yield _version(version, is_marker=False)
            for marker in page.get("DeleteMarkers", []):
                yield _version(marker, is_marker=True)
            if not page.get("IsTruncated"):
                return
            request["KeyMarker"] = page["NextKeyMarker"]
            request["VersionIdMarker"] = page["NextVersionIdMarker"]

    def read(self, version: Version) -> Document | None:
        """Return one version's content; None if it is gone by now."""
        try:
            with map_errors(f"read {version.key}"):
                found = self._s3.get_object(
                    Bucket=self.name, Key=version.key, **_version_of(version)
                )
                body = found["Body"].read()
        except ClientError as error:
            if error_code(error) in _GONE:
                return None
            raise
        fields = {name: found[name] for name in _KEPT_FIELDS if found.get(name)}  # type: ignore[literal-required] # a name of _KEPT_FIELDS
        return Document(body=body, etag=found["ETag"], fields=fields)

    def replace(self, key: str, document: Document, body: bytes | IO[bytes]) -> bool:
        """Put a new body unless the object has changed since it was read; return whether it did."""
        try:
            with map_errors(f"replace {key}"):
                self._s3.put_object(
                    Bucket=self.name, Key=key, Body=body, IfMatch=document.etag, **document.fields
                )
        except ClientError as error:
            if error_code(error) in CONDITION_FAILED:
                return False
            raise
        return True

    def delete(self, versions: Iterable[Version]) -> int:
        """Delete versions for good; return their number. Raises `TransientError` if some stay."""
        chosen = list(versions)
        for part in slices(chosen, _MAX_DELETES):
            with map_errors(f"delete objects of {self.name}"):
                answer = self._s3.delete_objects(
                    Bucket=self.name,
                    Delete={
                        "Objects": [{"Key": each.key, "VersionId": each.id} for each in part],
                        "Quiet": True,
                    },
                )
            if errors := answer.get("Errors"):
                first = errors[0]
                msg = (
                    f"{len(errors)} objects of {self.name} were not deleted, such as"
                    f" {first.get('Key')}: {first.get('Code')}"
                )
                raise TransientError(msg)
        return len(chosen)

    def read_range(self, version: Version, first: int, last: int) -> bytes:
        """Return bytes `first` to `last` of one version; none if it is gone or shorter by now."""
        try:
            with map_errors(f"read {version.key}"):
                found = self._s3.get_object(
                    Bucket=self.name,
                    Key=version.key,
                    Range=f"bytes={first}-{last}",
                    **_version_of(version),
                )
                return found["Body"].read()
        except ClientError as error:
            if error_code(error) in {*_GONE, "InvalidRange"}:
                return b""
            raise


def _version_of(version: Version) -> dict[str, Any]:
    """Return the argument that names a version; none for the only one without versioning."""
    return {} if version.id == "null" and version.is_latest else {"VersionId": version.id}


def _version(each: Any, *, is_marker: bool) -> Version:  # noqa: ANN401 - boto's TypedDicts differ
    return Version(
        key=each["Key"],
        id=each.get("VersionId") or "null",
        is_latest=each["IsLatest"],
        is_marker=is_marker,
        bytes=each.get("Size", 0),
        modified_at=each["LastModified"],
    )
