"""SQS messages about photos: events of S3, and requests to render. Pure.

A request is a JSON object, which `ops-dashboard` and people may send::

    {"render": "wedding/IMG_1.jpg"}                  as an event about that key would
    {"render": "wedding/IMG_1.jpg", "again": true}   even if it has ended with this version
    {"render": "wedding/IMG_1.jpg", "bucket": "archive"}   an object of another bucket

With ``run``, any name, ``again`` renders a photo once for all messages of that name, however often
they are delivered.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

import msgspec

from rendition_lambda.places import Place, is_too_long, photo_at, place_of
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.s3_events import (
    OBJECT_CREATED,
    OBJECT_DELETED,
    is_of_s3,
    read_changes,
)


class PhotoHint(msgspec.Struct, frozen=True, kw_only=True):
    """A photo that may have changed."""

    key: str
    """Its name (`places`)."""
    again: bool = False
    run: str = ""


class RenderRequest(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A person's or a program's request to reconcile a photo."""

    render: str
    """Object key."""
    again: bool = False
    bucket: str = ""
    """Bucket of the object; empty for the bucket of uploads."""
    run: str = ""


def encode_request(request: RenderRequest) -> str:
    """Return the message of a request, in ASCII: SQS refuses some characters that keys may have."""
    return json.dumps(msgspec.to_builtins(request), separators=(",", ":"))


def request_of(hint: PhotoHint, uploads: str) -> RenderRequest:
    """Return the request that is read as `hint`; `uploads` is the bucket of uploads."""
    place = place_of(hint.key, uploads)
    bucket = "" if place.bucket == uploads else place.bucket
    return RenderRequest(render=place.key, bucket=bucket, again=hint.again, run=hint.run)


def read_hints(body: str, bucket: str, others: Collection[str] = ()) -> list[PhotoHint]:
    """Return the photos that a message is about; raises `DecodeError` naming what is wrong.

    `bucket` is the bucket of uploads. Requests may name objects of `others`, too; further buckets
    are an error, because the function may not read them.
    """
    content = _json_object(body)
    if "render" in content:
        try:
            request = msgspec.convert(content, RenderRequest)
        except msgspec.ValidationError as error:
            msg = f"request to render: {error}"
            raise DecodeError(msg) from error
        place = Place(bucket=request.bucket or bucket, key=request.render)
        if place.bucket not in {bucket, *others}:
            msg = f"request to render: the stack may not read bucket {place.bucket!r}"
            raise DecodeError(msg)
        return [_hint(place, bucket, again=request.again, run=request.run)]
    if not is_of_s3(content, OBJECT_CREATED, OBJECT_DELETED):
        msg = "message: neither an event of S3 nor a request to render"
        raise DecodeError(msg)
    changes = read_changes(content)
    for change in changes:
        if change.bucket != bucket:
            msg = f"S3 event: bucket {change.bucket!r} is not the bucket of uploads {bucket!r}"
            raise DecodeError(msg)
    return [_hint(Place(bucket=bucket, key=change.key), bucket) for change in changes]


def _hint(place: Place, uploads: str, *, again: bool = False, run: str = "") -> PhotoHint:
    photo = photo_at(place, uploads)
    if is_too_long(photo):
        msg = f"photo {photo[:100]}…: its name is longer than an item's key may be"
        raise DecodeError(msg)
    return PhotoHint(key=photo, again=again, run=run)


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
