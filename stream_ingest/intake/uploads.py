"""Uploads as S3 announces them (`contracts.s3_events`). Pure."""

from __future__ import annotations

from typing import Any

import msgspec

from stream_ingest.contracts.s3_events import (
    OBJECT_CREATED,
    ObjectChange,
    is_of_s3,
    read_changes,
)
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second, parse_utc


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


def announces_uploads(content: dict[str, Any]) -> bool:
    """Return whether a message comes from S3."""
    return is_of_s3(content, OBJECT_CREATED)


def read_uploads(content: dict[str, Any]) -> list[Upload]:
    """Return the uploads that a message announces; raises `DecodeError` that names a field."""
    return [_upload(change) for change in read_changes(content) if change.is_created]


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


def _upload(change: ObjectChange) -> Upload:
    return Upload(
        bucket=change.bucket,
        key=change.key,
        etag=change.etag,
        sequencer=change.sequencer,
        version=version_id(change.version),
        uploaded_at=_epoch_s(change.at),
    )


def _epoch_s(at: str) -> int | None:
    """Return the second of an event's time; None if it has none, or one that nobody can read."""
    try:
        return int(parse_utc(at).timestamp())
    except ValueError:
        return None


def _iso(epoch_s: int) -> str:
    return iso_second(from_epoch_s(epoch_s))
