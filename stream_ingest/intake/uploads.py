"""Uploads as S3 announces them: through EventBridge, or in a notification of a bucket. Pure.

Sources: Amazon S3 User Guide, "EventBridge event message structure" and "Event message structure".
Fields that are not listed here are ignored, because AWS may add some at any time.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

import msgspec

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second, parse_utc

OBJECT_CREATED = "Object Created"
"""The detail-type of EventBridge's event."""
S3_SOURCE = "aws:s3"
"""The ``eventSource`` of a notification's record."""
_NOTIFIED = "ObjectCreated:"
"""Beginning of a notification's ``eventName``, such as ``ObjectCreated:Put``."""
_TEST_EVENT = "s3:TestEvent"
"""What S3 sends once when somebody sets a notification up."""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """An object that was uploaded."""

    bucket: str
    key: str
    etag: str = ""
    """Without quotes; empty in events that a person wrote."""
    sequencer: str = ""
    """Distinguishes two uploads of the same bytes."""
    version: str | None = None
    uploaded_at: int | None = None
    """Epoch second of the event; None in events that a person wrote."""
    modified_at: int | None = None
    """Epoch second of S3's ``Last-Modified``, if it was read: it distinguishes uploads of the same
    bytes to a bucket that keeps no versions."""


class _Bucket(msgspec.Struct, frozen=True):
    name: str


class _EventObject(msgspec.Struct, frozen=True, rename="kebab"):
    key: str
    etag: str = ""
    sequencer: str = ""
    version_id: str | None = None


class _Detail(msgspec.Struct, frozen=True):
    bucket: _Bucket
    object: _EventObject


class _NotifiedObject(msgspec.Struct, frozen=True):
    key: str
    etag: str = msgspec.field(default="", name="eTag")
    sequencer: str = ""
    version: str | None = msgspec.field(default=None, name="versionId")


class _Entity(msgspec.Struct, frozen=True):
    bucket: _Bucket
    object: _NotifiedObject


class _Record(msgspec.Struct, frozen=True):
    s3: _Entity
    name: str = msgspec.field(default=_NOTIFIED, name="eventName")
    at: str = msgspec.field(default="", name="eventTime")


class _Notification(msgspec.Struct, frozen=True):
    records: tuple[_Record, ...] = msgspec.field(name="Records")


def announces_uploads(content: dict[str, Any]) -> bool:
    """Return whether a message comes from S3."""
    if content.get("detail-type") == OBJECT_CREATED or content.get("Event") == _TEST_EVENT:
        return True
    return source_of(content) == S3_SOURCE


def source_of(content: dict[str, Any]) -> object:
    """Return the ``eventSource`` of an event's first record; None for an event without records."""
    match content.get("Records"):
        case [{"eventSource": source}, *_]:
            return source
    return None


def read_uploads(content: dict[str, Any]) -> list[Upload]:
    """Return the uploads that a message announces; raises `DecodeError` that names a field.

    A notification has keys URL-encoded with ``+`` for spaces, EventBridge's event has not.
    """
    if content.get("Event") == _TEST_EVENT:
        return []
    try:
        if "Records" not in content:
            detail = msgspec.convert(content.get("detail"), type=_Detail)
            return [_announced(detail, str(content.get("time", "")))]
        records = msgspec.convert(content, type=_Notification).records
    except msgspec.ValidationError as error:
        msg = f"S3 event: {error}"
        raise DecodeError(msg) from error
    return [
        _notified(record.s3, record.at) for record in records if record.name.startswith(_NOTIFIED)
    ]


def announce(upload: Upload) -> dict[str, Any]:
    """Return the event with which EventBridge announces an upload."""
    uploaded = {"key": upload.key, "etag": upload.etag, "sequencer": upload.sequencer}
    version = {} if upload.version is None else {"version-id": upload.version}
    time = {} if upload.uploaded_at is None else {"time": _iso(upload.uploaded_at)}
    return {
        "detail-type": OBJECT_CREATED,
        **time,
        "detail": {"bucket": {"name": upload.bucket}, "object": {**uploaded, **version}},
    }


def version_id(version: str | None) -> str | None:
    """Return the id of a version; None for an object from before its bucket kept any."""
    return None if version == "null" else version


def _announced(detail: _Detail, at: str) -> Upload:
    return Upload(
        bucket=detail.bucket.name,
        key=detail.object.key,
        etag=detail.object.etag,
        sequencer=detail.object.sequencer,
        version=version_id(detail.object.version_id),
        uploaded_at=_epoch_s(at),
    )


def _notified(entity: _Entity, at: str) -> Upload:
    return Upload(
        bucket=entity.bucket.name,
        key=unquote_plus(entity.object.key),
        etag=entity.object.etag,
        sequencer=entity.object.sequencer,
        version=version_id(entity.object.version),
        uploaded_at=_epoch_s(at),
    )


def _epoch_s(at: str) -> int | None:
    """Return the second of an event's time; None if it has none, or one that nobody can read."""
    try:
        return int(parse_utc(at).timestamp())
    except ValueError:
        return None


def _iso(epoch_s: int) -> str:
    return iso_second(from_epoch_s(epoch_s))
