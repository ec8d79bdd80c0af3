"""`PhotoS3` with the listings of its buckets, in pages."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime

from tests.fakes.photos.s3 import OTHER, UPLOADS, PhotoS3, Version
from tests.faults.harness.aws.errors import Wire, known

NEVER_VERSIONED = "null"


class ListedS3(PhotoS3):
    """A low-level client that lists, too; a page has `page_keys` versions or keys (AWS: 1,000)."""

    def __init__(self, clock: Callable[[], float], page_keys: int = 1_000) -> None:
        super().__init__(clock)
        self._page_keys = page_keys

    def erase(self, key: str, bucket: str = UPLOADS) -> None:
        """Delete all versions of a key for good."""
        del self._versions[bucket, key]

    def list_object_versions(self, **request: Wire) -> dict[str, object]:
        """Return a page of versions and delete markers, by key, the newest of each first."""
        known(request, "Bucket", "Prefix", "KeyMarker", "VersionIdMarker")
        bucket, prefix = request["Bucket"], request.get("Prefix", "")
        marker = request.get("KeyMarker", "")
        rows = [
            (key, at, version)
            for key in self._keys(bucket)
            if key.startswith(prefix) and key >= marker
            for at, version in enumerate(self._newest_first(bucket, key))
        ]
        after = (marker, int(request.get("VersionIdMarker", 1 << 30)))
        rows = [row for row in rows if not marker or row[:2] > after]
        page = rows[: self._page_keys]
        answer: dict[str, object] = {
            "Versions": [_entry(*row, bucket) for row in page if row[2] is not None],
            "DeleteMarkers": [{"Key": row[0]} for row in page if row[2] is None],
            "IsTruncated": len(page) < len(rows),
        }
        if answer["IsTruncated"]:
            answer["NextKeyMarker"], last = page[-1][0], page[-1][1]
            answer["NextVersionIdMarker"] = str(last)
        return answer

    def list_objects_v2(self, **request: Wire) -> dict[str, object]:
        """Return a page of the keys that have an object."""
        known(request, "Bucket", "Prefix", "StartAfter", "Delimiter", "ContinuationToken")
        prefix, delimiter = request["Prefix"], request.get("Delimiter")
        start = request.get("ContinuationToken", request.get("StartAfter", ""))
        every = self._keys(request["Bucket"])
        keys = [
            key
            for key in every[bisect_right(every, start) :]
            if key.startswith(prefix)
            and self.current(key, request["Bucket"]) is not None
            and (delimiter is None or delimiter not in key[len(prefix) :])
        ]
        page = keys[: self._page_keys]
        more = len(keys) > len(page)
        return {"Contents": [{"Key": key} for key in page], "IsTruncated": more} | (
            {"NextContinuationToken": page[-1]} if more else {}
        )

    def _keys(self, bucket: str) -> list[str]:
        return sorted(key for each, key in self._versions if each == bucket)

    def _newest_first(self, bucket: str, key: str) -> list[Version | None]:
        versions = self._versions[bucket, key]
        return versions[:-2:-1] if bucket == OTHER else versions[::-1]


def _entry(key: str, at: int, version: Version | None, bucket: str) -> dict[str, object]:
    assert version is not None
    return {
        "Key": key,
        "IsLatest": at == 0,
        "VersionId": NEVER_VERSIONED if bucket == OTHER else version.id,
        "ETag": version.etag,
        "Size": len(version.body),
        "LastModified": datetime.fromtimestamp(int(version.at), UTC),
    }
