"""SQS messages about photos: events of S3, and requests to render. Pure.

A request is a JSON object, which `ops-dashboard` and people may send::

    {"render": "wedding/IMG_1.jpg"}                  as an event about that key would
    {"render": "wedding/IMG_1.jpg", "again": true}   even if it has ended with this version
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.s3_events import (
    OBJECT_CREATED,
    OBJECT_DELETED,
    is_of_s3,
    read_changes,
)


class PhotoHint(msgspec.Struct, frozen=True, kw_only=True):
    """A key that may have changed."""

    key: str
    again: bool = False


class RenderRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's or a program's request to reconcile a photo."""

    render: str
    again: bool = False


def read_hints(body: str, bucket: str) -> list[PhotoHint]:
    """Return the keys that a message is about; raises `DecodeError` naming what is wrong.

    Events of other buckets than `bucket` are an error: the function may not read those.
    """
    content = _json_object(body)
    if "render" in content:
        try:
            request = msgspec.convert(content, RenderRequest)
        except msgspec.ValidationError as error:
            msg = f"request to render: {error}"
            raise DecodeError(msg) from error
        return [PhotoHint(key=request.render, again=request.again)]
    if not is_of_s3(content, OBJECT_CREATED, OBJECT_DELETED):
        msg = "message: neither an event of S3 nor a request to render"
        raise DecodeError(msg)
    changes = read_changes(content)
    for change in changes:
        if change.bucket != bucket:
            msg = f"S3 event: bucket {change.bucket!r} is not the bucket of uploads {bucket!r}"
            raise DecodeError(msg)
    return [PhotoHint(key=change.key) for change in changes]


def _json_object(body: str) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError as error:
        msg = f"message: {error}"
        raise DecodeError(msg) from error
    if not isinstance(content, dict):
        msg = "message: not a JSON object"
        raise DecodeError(msg)
    return content
