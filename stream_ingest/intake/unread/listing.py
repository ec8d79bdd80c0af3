"""A page of a bucket's versions, as uploads. Pure.

A file that was replaced has a version for each upload, and each is a batch, as S3's events make it.
What somebody deleted is not read any more: a version below a delete marker is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from stream_ingest.intake.uploads import Upload, version_id

NONE_DELETED: Mapping[str, int] = {}


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """The uploads of a page, and what the next page needs to know."""

    uploads: tuple[Upload, ...]
    deleted: Mapping[str, int]
    """When the page's last key was deleted (epoch s), if it was: its versions may go on."""


def read_page(
    bucket: str, page: Mapping[str, Any], deleted: Mapping[str, int] = NONE_DELETED
) -> Listing:
    """Return the uploads in a response of ListObjectVersions.

    `deleted` is that of the page before. The responses have versions and delete markers apart, each
    in the order of their keys, the newest first.
    """
    known = dict(deleted)
    for marker in page.get("DeleteMarkers", []):
        known.setdefault(marker["Key"], int(marker["LastModified"].timestamp()))
    versions = page.get("Versions", [])
    uploads = (_upload(bucket, version) for version in versions if not _is_deleted(version, known))
    last = max((each["Key"] for each in (*versions, *page.get("DeleteMarkers", []))), default="")
    return Listing(
        uploads=tuple(uploads), deleted={key: at for key, at in known.items() if key == last}
    )


def _is_deleted(version: Mapping[str, Any], deleted: Mapping[str, int]) -> bool:
    at = deleted.get(version["Key"])
    return (
        at is not None
        and not version.get("IsLatest", False)
        and int(version["LastModified"].timestamp()) <= at
    )


def _upload(bucket: str, version: Mapping[str, Any]) -> Upload:
    modified_at = int(version["LastModified"].timestamp())
    return Upload(
        bucket=bucket,
        key=version["Key"],
        etag=version["ETag"].strip('"'),
        version=version_id(version["VersionId"]),
        uploaded_at=modified_at,
        modified_at=modified_at,
    )
