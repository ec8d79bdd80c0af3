"""Where the original of a photo is: in the bucket of uploads, or in another one. Pure.

A photo is named after its object's key. A photo in a bucket that is not the stack's is named
``s3://<bucket>/<key>``, and so is an upload whose key begins with ``s3://`` itself: two objects
never have the same name.
"""

from __future__ import annotations

import msgspec

SCHEME = "s3://"
MAX_NAME_BYTES = 1_024
"""Longest name of a photo in UTF-8 bytes: that of a sort key in DynamoDB."""


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """An object in S3."""

    bucket: str
    key: str


def photo_at(place: Place, uploads: str) -> str:
    """Return the name of the photo at a place; `uploads` is the bucket of uploads."""
    if place.bucket == uploads and not place.key.startswith(SCHEME):
        return place.key
    return f"{SCHEME}{place.bucket}/{place.key}"


def place_of(photo: str, uploads: str) -> Place:
    """Return where the original of a photo is; the reverse of `photo_at`."""
    if not photo.startswith(SCHEME):
        return Place(bucket=uploads, key=photo)
    bucket, _, key = photo.removeprefix(SCHEME).partition("/")
    return Place(bucket=bucket, key=key)


def is_too_long(photo: str) -> bool:
    """Return whether a photo cannot be in the table because its name is too long."""
    return len(photo.encode(errors="surrogatepass")) > MAX_NAME_BYTES
