"""A bucket that keeps versions, as the intake and the sweeper use it; other buckets as `FakeS3`."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.fakes.intake_aws import INPUT
from tests.faults.harness.aws.errors import NotModelledError, Wire, client_error, known
from tests.faults.harness.aws.s3 import FakeS3, Stored

_SENT = {"Bucket", "Key", "VersionId", "IfMatch", "Range"}


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an object."""

    version_id: str
    stored: Stored


class VersionedS3:
    """A low-level client of all buckets. The input bucket keeps versions until they are deleted."""

    def __init__(self, others: FakeS3) -> None:
        self._others = others
        self.objects: dict[str, list[Version]] = {}
        """The versions of each key, the latest last."""
        self._put = 0

    def upload(self, key: str, body: bytes, at: float) -> Version:
        """Add a version of a key in the input bucket."""
        self._put += 1
        version = Version(f"v{self._put}", Stored(body, "text/csv", put_at=at))
        self.objects.setdefault(key, []).append(version)
        return version

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - a method of a client
        """Return an operation, on whichever bucket its request names."""
        other = getattr(self._others, operation, None)

        def call(**request: Wire) -> Wire:
            if request["Bucket"] != INPUT and other is not None:
                return other(**request)
            own = getattr(self, f"_{operation}", None)
            if own is None:
                raise NotModelledError(operation)
            return own(request)

        return call

    def _find(self, request: Wire, operation: str) -> Version:
        known(request, *_SENT)
        versions = self.objects.get(request["Key"], [])
        wanted = request.get("VersionId")
        found = [each for each in versions if wanted in {None, each.version_id}]
        if not found:
            code = "NoSuchVersion" if wanted else "NoSuchKey"
            raise client_error(code, operation, status=404)
        if request.get("IfMatch", found[-1].stored.etag) != found[-1].stored.etag:
            code = "PreconditionFailed"
            raise client_error(code, operation, status=412)
        return found[-1]

    def _head_object(self, request: Wire) -> Wire:
        version = self._find(request, "HeadObject")
        return {
            "ETag": version.stored.etag,
            "VersionId": version.version_id,
            "ContentLength": len(version.stored.body),
            "LastModified": datetime.fromtimestamp(int(version.stored.put_at), UTC),
        }

    def _get_object(self, request: Wire) -> Wire:
        body = self._find(request, "GetObject").stored.body
        first, last = map(int, request["Range"].removeprefix("bytes=").split("-"))
        if first >= len(body):
            beyond = "InvalidRange"
            raise client_error(beyond, "GetObject", status=416)
        within = f"bytes {first}-{min(last, len(body) - 1)}/{len(body)}"
        return {"Body": io.BytesIO(body[first : last + 1]), "ContentRange": within, "Metadata": {}}

    def _copy_object(self, request: Wire) -> Wire:
        source = self._find(request["CopySource"], "CopyObject").stored
        if request["CopySourceIfMatch"] != source.etag:
            failed = "PreconditionFailed"
            raise client_error(failed, "CopyObject", status=412)
        self.upload(request["Key"], source.body, source.put_at)
        return {}

    def _delete_object(self, request: Wire) -> Wire:
        """Delete a version for good; one that is not there is no error."""
        known(request, "Bucket", "Key", "VersionId")
        left = [
            each
            for each in self.objects.get(request["Key"], [])
            if each.version_id != request["VersionId"]
        ]
        self.objects[request["Key"]] = left
        return {}

    def _put_object(self, request: Wire) -> Wire:
        self.upload(request["Key"], request["Body"], 0)
        return {}

    def _list_object_versions(self, request: Wire) -> Wire:
        known(request, "Bucket", "Prefix")
        versions = [
            {
                "Key": key,
                "ETag": each.stored.etag,
                "VersionId": each.version_id,
                "LastModified": datetime.fromtimestamp(int(each.stored.put_at), UTC),
                "IsLatest": each is versions[-1],
            }
            for key, versions in sorted(self.objects.items())
            for each in reversed(versions)
            if key.startswith(request["Prefix"])
        ]
        return {"Versions": versions, "IsTruncated": False}


class TransferS3:
    """A client with boto3's `copy` beside its operations, each of which is a call of its own."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - behaves like a boto3 client
        self._client = client

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - a method of the client
        return getattr(self._client, operation)

    def copy(self, source: Wire, bucket: str, key: str, ExtraArgs: Wire) -> None:  # noqa: N803 - boto3's
        """Copy an object, as s3transfer does one that is small."""
        self._client.head_object(**source)
        self._client.copy_object(Bucket=bucket, Key=key, CopySource=source, **ExtraArgs)
