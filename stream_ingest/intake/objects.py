"""One object of the input bucket, read in ranges as it was when its batch began. Edge (S3).

Every request names the object's version, or its ETag if the bucket keeps no versions. So a file
that is replaced meanwhile is never read as half the old one and half the new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from botocore.exceptions import ClientError

from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.contracts.errors import PermanentError, TransientError, UserError
from stream_ingest.intake.jobs import ObjectId
from stream_ingest.intake.uploads import version_id
from stream_ingest.sources.rejection import Rejection
from stream_ingest.sources.text_stream import UnreadableError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BLOCK_BYTES = 4 << 20
"""Bytes per request: a short one cannot time out while the stream throttles the reader."""
SETTLED_S = 15 * 60
"""Seconds from an upload on for which S3 may answer that there is no such object. Source: Amazon S3
User Guide, "Enabling versioning on buckets": wait 15 minutes after it before writing objects."""
_GONE = frozenset({"404", "NoSuchKey", "NoSuchVersion"})
_REPLACED = frozenset({"412", "PreconditionFailed"})
_ARCHIVED = "InvalidObjectState"
_PAST_THE_END = "InvalidRange"


ARCHIVED = (
    "the object is archived ({storage}): restore it (aws s3api restore-object), and when it is"
    " restored request it again, under another batch id"
)


class GoneError(PermanentError):
    """The object does not exist any more, or was replaced by another one."""


class MissingError(GoneError):
    """The object does not exist, or not yet for S3."""


class NotYetError(TransientError):
    """S3 does not know an object that it has announced a moment ago; later it will."""


class RefusedError(UserError):
    """S3 does not give out the object; may be tried again once its owner has changed that."""


class FoundObject(NamedTuple):
    """An object that is at a key now."""

    id: ObjectId
    modified_at: int
    """Epoch second of its upload."""


def is_settled(uploaded_at: int | None, now_s: float) -> bool:
    """Return whether S3's answer that an object does not exist is final. Pure.

    It is for an upload of unknown time, too.
    """
    return uploaded_at is None or now_s >= uploaded_at + SETTLED_S


def find_object(s3: S3Client, bucket: str, key: str) -> FoundObject:
    """Return the object that is at a key now; raises `MissingError` if there is none."""
    with _map_refusals(bucket, key), map_errors(f"head s3://{bucket}/{key}"):
        found = s3.head_object(Bucket=bucket, Key=key)
    object_id = ObjectId(
        bucket=bucket,
        key=key,
        etag=found["ETag"].strip('"'),
        version=version_id(found.get("VersionId")),
    )
    return FoundObject(object_id, int(found["LastModified"].timestamp()))


class ObjectBlocks:
    """Opens an object at any byte."""

    def __init__(self, s3: S3Client, object_id: ObjectId) -> None:
        """Read the object with this id and no other."""
        self._s3, self._id = s3, object_id
        self._first: tuple[bytes, int] | None = None
        """The first block: it is read for the file's kind, for its header and for its rows."""
        self._metadata: dict[str, str] = {}
        self.size = 0
        """Bytes of the object, once a part of it was read."""

    def open_at(self, start: int) -> Iterator[bytes]:
        """Yield blocks from byte `start` on; raises `GoneError` if the object was replaced."""
        size: int | None = None
        while size is None or start < size:
            block, size = self._first_block() if start == 0 else self._range(start)
            if block:
                yield block
            start += len(block)

    def metadata(self) -> dict[str, str]:
        """Return the object's own metadata (``x-amz-meta-…``); raises `GoneError`."""
        self._first_block()
        return read_metadata(self._metadata)

    def _first_block(self) -> tuple[bytes, int]:
        if self._first is None:
            self._first = self._range(0)
        return self._first

    def _range(self, start: int) -> tuple[bytes, int]:
        """Return one block and the size of the whole object."""
        where = f"s3://{self._id.bucket}/{self._id.key}"
        wanted = f"bytes={start}-{start + BLOCK_BYTES - 1}"
        try:
            with _map_refusals(self._id.bucket, self._id.key), map_errors(f"read {where}"):
                answer = self._s3.get_object(**self._id.request(), Range=wanted)
                body = answer["Body"].read()
        except ClientError as error:
            if error_code(error) != _PAST_THE_END:
                raise
            return b"", 0  # an empty object, or exactly its end
        self._metadata = answer.get("Metadata", {})
        within = answer.get("ContentRange", "")
        if not within:  # ministack returns a version as a whole, whatever the range
            self.size = len(body)
            return body[start:], self.size
        self.size = int(within.rpartition("/")[2])
        return body, self.size


def read_metadata(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return an object's metadata as its owner wrote it, with names in lower case. Pure."""
    return {name.lower(): _plain(value) for name, value in metadata.items()}


def _plain(value: str) -> str:
    """Return the text of a value of metadata, which S3 and its clients keep in ASCII.

    S3 encodes other characters as RFC 2047 does; a user of a client that refuses them writes them
    percent-encoded.
    """
    if value.startswith("=?"):
        value = str(make_header(decode_header(value)))
    return unquote(value)


@contextmanager
def _map_refusals(bucket: str, key: str) -> Iterator[None]:
    """Convert S3's errors for an object: missing or replaced, archived, or refused otherwise."""
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        if code == _PAST_THE_END:
            raise
        if code in _GONE:
            msg = f"there is no object s3://{bucket}/{key}"
            raise MissingError(msg) from error
        if code in _REPLACED:
            msg = f"s3://{bucket}/{key} was replaced by another object"
            raise GoneError(msg) from error
        if code == _ARCHIVED:
            storage = error.response["Error"].get("StorageClass", "Glacier")
            said = ARCHIVED.format(storage=storage)
            raise UnreadableError(0, said, Rejection.ARCHIVED) from error
        msg = f"S3 refuses to read s3://{bucket}/{key}: {error}"
        raise RefusedError(msg) from error
