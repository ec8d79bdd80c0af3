"""Objects that S3 says were created or deleted, in either form of its events. Pure.

S3 announces changes through EventBridge, or in a notification of a bucket. Sources: Amazon S3 User
Guide, "EventBridge event message structure" and "Event message structure". Fields that are not
listed here are ignored, because AWS may add some at any time.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

import msgspec

from stream_ingest.contracts.errors import DecodeError

OBJECT_CREATED, OBJECT_DELETED = "Object Created", "Object Deleted"
"""The detail-types of EventBridge's events."""
S3_SOURCE = "aws:s3"
"""The ``eventSource`` of a notification's record."""
_CREATED, _REMOVED = "ObjectCreated:", ("ObjectRemoved:", "LifecycleExpiration:")
"""Beginnings of a notification's ``eventName``, such as ``ObjectCreated:Put``."""
_TEST_EVENT = "s3:TestEvent"
"""What S3 sends once when somebody sets a notification up."""


class ObjectChange(msgspec.Struct, frozen=True, kw_only=True):
    """An object that was created or deleted."""

    bucket: str
    key: str
    is_created: bool
    etag: str = ""
    """Without quotes; empty in events that a person wrote."""
    sequencer: str = ""
    """Distinguishes two uploads of the same bytes."""
    version: str | None = None
    at: str = ""
    """Time of the event as it is written there."""


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
    name: str = msgspec.field(default=_CREATED, name="eventName")
    at: str = msgspec.field(default="", name="eventTime")


class _Notification(msgspec.Struct, frozen=True):
    records: tuple[_Record, ...] = msgspec.field(name="Records")


def source_of(content: dict[str, Any]) -> object:
    """Return the ``eventSource`` of an event's first record; None for an event without records."""
    match content.get("Records"):
        case [{"eventSource": source}, *_]:
            return source
    return None


def is_of_s3(content: dict[str, Any], *detail_types: str) -> bool:
    """Return whether a message is a notification of S3, or an event of one of these types."""
    if content.get("detail-type") in detail_types or content.get("Event") == _TEST_EVENT:
        return True
    return source_of(content) == S3_SOURCE


def read_changes(content: dict[str, Any]) -> list[ObjectChange]:
    """Return the changes that a message announces; raises `DecodeError` that names a field.

    A notification has keys URL-encoded with ``+`` for spaces, EventBridge's event has not.
    """
    if content.get("Event") == _TEST_EVENT:
        return []
    try:
        if "Records" not in content:
            return [_announced(content)]
        records = msgspec.convert(content, type=_Notification).records
    except msgspec.ValidationError as error:
        msg = f"S3 event: {error}"
        raise DecodeError(msg) from error
    return [_notified(each) for each in records if each.name.startswith((_CREATED, *_REMOVED))]


def _announced(content: dict[str, Any]) -> ObjectChange:
    detail = msgspec.convert(content.get("detail"), type=_Detail)
    return ObjectChange(
        bucket=detail.bucket.name,
        key=detail.object.key,
        is_created=content.get("detail-type") != OBJECT_DELETED,
        etag=detail.object.etag,
        sequencer=detail.object.sequencer,
        version=detail.object.version_id,
        at=str(content.get("time", "")),
    )


def _notified(record: _Record) -> ObjectChange:
    found = record.s3.object
    return ObjectChange(
        bucket=record.s3.bucket.name,
        key=unquote_plus(found.key),
        is_created=record.name.startswith(_CREATED),
        etag=found.etag,
        sequencer=found.sequencer,
        version=found.version,
        at=record.at,
    )
