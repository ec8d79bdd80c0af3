"""S3 with a versioned bucket of uploads, a bucket of renditions and one of others, in memory."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.faults.harness.aws.errors import Wire, client_error, known

UPLOADS, RENDITIONS = "uploads", "renditions"
OTHER = "archive"
"""A bucket that is not the stack's and keeps no versions."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an upload."""

    id: str
    body: bytes
    at: float

    @property
    def etag(self) -> str:
        """Return the MD5 of the bytes in quotes."""
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


class PhotoS3:
    """A low-level client for these buckets. `outputs` are the objects of `RENDITIONS`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._numbers = clock, 0
        self._versions: dict[tuple[str, str], list[Version | None]] = {}
        self.outputs: dict[str, bytes] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self.puts = 0
        """Objects that were put into the bucket of renditions, overwritten ones too."""

    def upload(self, key: str, body: bytes, bucket: str = UPLOADS) -> None:
        """Put a new version of an object."""
        self._numbers += 1
        version = Version(f"v{self._numbers}", body, self._clock())
        self._versions.setdefault((bucket, key), []).append(version)

    def remove(self, key: str, bucket: str = UPLOADS) -> None:
        """Put a delete marker."""
        self._versions.setdefault((bucket, key), []).append(None)

    def forget(self, key: str, version: str) -> None:
        """Delete one version for good."""
        self._versions[UPLOADS, key] = [
            each for each in self._versions[UPLOADS, key] if each is None or each.id != version
        ]

    def current(self, key: str, bucket: str = UPLOADS) -> Version | None:
        """Return the version that is at a key now."""
        versions = self._versions.get((bucket, key))
        return versions[-1] if versions else None

    def head_object(self, **request: Wire) -> dict[str, object]:
        """Return the facts of the current version."""
        known(request, "Bucket", "Key")
        version = self.current(request["Key"], request["Bucket"])
        if version is None:
            raise client_error(str(404), "HeadObject", "Not Found", status=404)
        return {
            "ETag": version.etag,
            **({} if request["Bucket"] == OTHER else {"VersionId": version.id}),
            "ContentLength": len(version.body),
            "LastModified": datetime.fromtimestamp(int(version.at), UTC),
        }

    def get_object(self, **request: Wire) -> dict[str, object]:
        """Return a version by its id, or the current object of `OTHER` by its ETag."""
        known(request, "Bucket", "Key", "VersionId", "IfMatch")
        place = (request["Bucket"], request["Key"])
        if request["Bucket"] == OTHER:
            return self._current_with(request["Key"], request["IfMatch"])
        for version in self._versions.get(place, []):
            if version is not None and version.id == request["VersionId"]:
                return {"Body": io.BytesIO(version.body)}
        code = "NoSuchVersion"
        raise client_error(code, "GetObject", status=404)

    def _current_with(self, key: str, etag: str) -> dict[str, object]:
        version = self.current(key, OTHER)
        if version is None or version.etag != etag:
            code = "PreconditionFailed"
            raise client_error(code, "GetObject", status=412)
        return {"Body": io.BytesIO(version.body)}

    def put_object(self, **request: Wire) -> dict[str, object]:
        """Put an output."""
        known(request, "Bucket", "Key", "Body", "ContentType", "CacheControl", "Metadata")
        assert request["Bucket"] == RENDITIONS
        self.outputs[request["Key"]] = request["Body"]
        self.metadata[request["Key"]] = request["Metadata"]
        self.puts += 1
        return {}

    def delete_object(self, **request: Wire) -> dict[str, object]:
        """Remove an output; one that is not there is no error."""
        known(request, "Bucket", "Key")
        assert request["Bucket"] == RENDITIONS
        self.outputs.pop(request["Key"], None)
        return {}
