"""What the message of a dead letter is about. Pure.

Bodies are events of EventBridge, notifications of S3, requests, continuations of the intake, and
Lambda's records of failed calls. Whatever else somebody sent has no subject.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.s3_events import (
    OBJECT_CREATED,
    OBJECT_DELETED,
    ObjectChange,
    is_of_s3,
    read_changes,
)


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a message is about: `text` for people, and the ids in it."""

    text: str = ""
    window_id: str | None = None
    batch_id: str | None = None
    file: str | None = None


def content_of(body: str) -> Mapping[str, Any]:
    """Return a body's JSON object; empty if it is none."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def subject_of(kind: str, content: Mapping[str, Any]) -> Subject:
    """Return what a message of a dead-letter queue is about; never raises."""
    if of_kind := _OF_OTHER_KINDS.get(kind):
        return of_kind(content)
    called = content.get("requestPayload")  # Lambda's record of an asynchronous call that failed
    event = called if isinstance(called, dict) else content
    detail = event.get("detail")
    detail = detail if isinstance(detail, dict) else {}
    window_id, batch_id = _text(detail, "window_id"), _text(detail, "batch_id")
    covers = detail.get("covers")
    if window_id:
        return Subject(text=f"window {window_id}", window_id=window_id, batch_id=batch_id)
    if batch_id:
        return Subject(text=f"end of batch {batch_id}", batch_id=batch_id)
    if kind == DeadLetterKind.PREFETCH and isinstance(covers, int):
        return Subject(text=f"{covers:,} covers about to expire")
    return Subject(text="a sweep" if kind == DeadLetterKind.SWEEPER else "")


def _of_notification(content: Mapping[str, Any]) -> Subject:
    detail = content.get("detail")
    detail = detail if isinstance(detail, dict) else {}
    if batch_id := _text(detail, "batch_id"):
        return Subject(text=f"a notification about batch {batch_id}", batch_id=batch_id)
    alarm = _text(detail, "alarmName")
    return Subject(text=f"a notification about alarm {alarm}" if alarm else "a notification")


def _of_photo(content: Mapping[str, Any]) -> Subject:
    key = _text(content, "render")
    if key is None:
        key = next((each.key for each in _changes(content)), None)
    if key and (bucket := _text(content, "bucket")):
        return Subject(text=f"photo s3://{bucket}/{key}")
    return Subject(text=f"photo {key}" if key else "")


def _changes(content: Mapping[str, Any]) -> list[ObjectChange]:
    """Return the changes of objects that S3 announces."""
    try:
        if is_of_s3(dict(content), OBJECT_CREATED, OBJECT_DELETED):
            return read_changes(dict(content))
    except (CoverstreamError, AttributeError, TypeError):  # not as S3 writes it
        return []
    return []


def _of_intake(content: Mapping[str, Any]) -> Subject:
    job = content.get("go_on")
    if isinstance(job, dict):
        file, header = job.get("object"), job.get("header")
        file = file if isinstance(file, dict) else {}
        batch_id = _text(header, "batch_id") if isinstance(header, dict) else None
        return _file(_text(file, "bucket"), _text(file, "key"), batch_id)
    if uploads := _uploads(content):
        first, *others = uploads
        found = _file(*first, None)
        more = f" and {len(others):,} others" if others else ""
        return msgspec.structs.replace(found, text=found.text + more)
    batch_id = _text(content, "batch_id")
    found = _file(_text(content, "s3_bucket"), _text(content, "s3_key"), batch_id)
    if batch_id:
        text = f"request {batch_id}" + found.text.replace("file", ", file", 1)
        return msgspec.structs.replace(found, text=text)
    return found


def _uploads(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return bucket and key of each upload that S3 announces."""
    return [(each.bucket, each.key) for each in _changes(content) if each.is_created]


def _file(bucket: str | None, key: str | None, batch_id: str | None) -> Subject:
    file = f"s3://{bucket}/{key}" if bucket and key else None
    return Subject(text=f"file {key}" if file else "", file=file, batch_id=batch_id)


def _text(content: Mapping[str, Any], name: str) -> str | None:
    value = content.get(name)
    return value if isinstance(value, str) and value else None


_OF_OTHER_KINDS: Mapping[str, Callable[[Mapping[str, Any]], Subject]] = {
    DeadLetterKind.INTAKE: _of_intake,
    DeadLetterKind.NOTIFICATION: _of_notification,
    DeadLetterKind.PHOTOS: _of_photo,
}
"""Kinds whose messages are not about a window, a batch or covers."""
