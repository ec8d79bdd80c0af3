"""S3 in memory: objects with ETags, conditional puts, and every version that was ever there."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO

from tests.fakes.ingest.rows import NOW_S
from tests.faults.harness.aws.errors import Wire, client_error, known

_FAILED, _GONE = "PreconditionFailed", "NoSuchKey"


@dataclass(frozen=True, slots=True)
class Stored:
    """One version of an object."""

    body: bytes
    content_type: str
    metadata: dict[str, str] = field(default_factory=dict)
    put_at: float = NOW_S

    @property
    def etag(self) -> str:
        """Return what S3 calls the ETag of an object put in one piece: its MD5, in quotes."""
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


class FakeS3:
    """A low-level client. `versions` holds all that was put under a key, the latest last;
    `removed` what was there until somebody deleted it."""

    def __init__(self, *buckets: str, clock: Callable[[], float] = lambda: NOW_S) -> None:
        self._buckets, self._clock = set(buckets), clock
        self.versions: dict[tuple[str, str], list[Stored]] = {}
        self.removed: dict[tuple[str, str], list[Stored]] = {}

    def put_object(self, **request: Wire) -> dict[str, str]:
        """Put an object, unless its condition on what is there fails (RFC 9110)."""
        known(
            request,
            *("Bucket", "Key", "Body", "ContentType", "CacheControl", "IfMatch", "IfNoneMatch"),
            "Metadata",
        )
        place = self._place(request, "PutObject")
        self._check_condition(request, self._latest(place))
        body: bytes | IO[bytes] = request["Body"]
        content = body if isinstance(body, bytes) else body.read()
        kind = request.get("ContentType", "binary/octet-stream")
        stored = Stored(content, kind, request.get("Metadata", {}), self._clock())
        self.versions.setdefault(place, []).append(stored)
        return {"ETag": stored.etag}

    def head_object(self, **request: Wire) -> dict[str, object]:
        """Return an object's metadata; HEAD has no body, so its error code is just 404."""
        known(request, "Bucket", "Key")
        stored = self._latest(self._place(request, "HeadObject"))
        if stored is None:
            raise client_error(str(404), "HeadObject", "Not Found", status=404)
        return {
            "ETag": stored.etag,
            "ContentLength": len(stored.body),
            "Metadata": stored.metadata,
            "LastModified": datetime.fromtimestamp(int(stored.put_at), UTC),
        }

    def get_object(self, **request: Wire) -> dict[str, object]:
        """Return an object and its bytes."""
        known(request, "Bucket", "Key", "Range")
        stored = self._latest(self._place(request, "GetObject"))
        if stored is None:
            raise client_error(_GONE, "GetObject", status=404)
        body = stored.body
        if "Range" in request:
            first, last = map(int, request["Range"].removeprefix("bytes=").split("-"))
            if first >= len(body):
                beyond = "InvalidRange"
                raise client_error(beyond, "GetObject", status=416)
            body = body[first : last + 1]
        return {"ETag": stored.etag, "Body": io.BytesIO(body)}

    def delete_object(self, **request: Wire) -> dict[str, object]:
        """Remove an object; one that is not there is no error."""
        known(request, "Bucket", "Key")
        place = self._place(request, "DeleteObject")
        self.removed.setdefault(place, []).extend(self.versions.pop(place, []))
        return {}

    def keys(self, bucket: str) -> list[str]:
        """Return the keys of a bucket in order: for tests."""
        return sorted(key for name, key in self.versions if name == bucket)

    def read(self, bucket: str, key: str) -> bytes:
        """Return an object's bytes: for tests."""
        return self.versions[bucket, key][-1].body

    def _latest(self, place: tuple[str, str]) -> Stored | None:
        versions = self.versions.get(place)
        return versions[-1] if versions else None

    def _place(self, request: Wire, operation: str) -> tuple[str, str]:
        if request["Bucket"] not in self._buckets:
            code = "NoSuchBucket"
            raise client_error(code, operation, status=404)
        return request["Bucket"], request["Key"]

    @staticmethod
    def _check_condition(request: Wire, latest: Stored | None) -> None:
        wanted = request.get("IfMatch")
        if "IfNoneMatch" in request:
            known({request["IfNoneMatch"]: ""}, "*")  # S3 takes nothing else there
            if latest is not None:
                raise client_error(_FAILED, "PutObject", status=412)
        if wanted is not None and latest is None:
            raise client_error(_GONE, "PutObject", status=404)
        if wanted is not None and latest is not None and latest.etag != wanted:
            raise client_error(_FAILED, "PutObject", status=412)
