"""Items of upload links in the table `photos`. Pure.

They share one partition, which is no gallery: a gallery has no slash. A link's item counts what was
signed by it. Beside it there is an item for each file that was signed, a *reservation*, which the
same file takes again without being counted twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from rendition_lambda.photo_item import PARTITION_KEY, SORT_KEY, plain
from rendition_lambda.uploading.signed import PartsUpload

PARTITION = "links/"
"""Partition of all links and reservations."""
KEPT_S = 30 * 86_400
"""How long the items of a link stay after it has expired."""
_DIGITS = 32


class Link(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A link as the table has it."""

    id: str
    link_expires_at: int
    max_files: int
    max_bytes: int
    created_at: str
    folder: str | None = None
    """Its gallery; None for images to augment."""
    files: int = 0
    """Files that were signed."""
    bytes: int = 0
    """Their bytes."""
    revoked_at: str = ""

    @property
    def is_revoked(self) -> bool:
        """Whether it was revoked."""
        return bool(self.revoked_at)


class Reservation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file that was signed: its place within the limits of the link."""

    key: str
    bytes: int
    parts: PartsUpload | None = None
    """Its upload, which the client may resume and nobody else."""
    modified_ms: int = 0
    """When the file was last changed, as its browser says (epoch milliseconds)."""
    stored_at: str = ""
    """When the upload was completed."""

    @property
    def is_stored(self) -> bool:
        """Whether the upload was completed."""
        return bool(self.stored_at)

    def is_of(self, size: int, modified_ms: int) -> bool:
        """Return whether the upload is that of the file with this size and time."""
        return (
            self.parts is not None and self.parts.bytes == size and self.modified_ms == modified_ms
        )


def link_key_of(id_: str) -> dict[str, str]:
    """Return the key of a link's item."""
    return {PARTITION_KEY: PARTITION, SORT_KEY: id_}


def reservation_key_of(id_: str, key: str) -> dict[str, str]:
    """Return the key of the item of a file that a link has signed."""
    digest = hashlib.sha256(key.encode()).hexdigest()[:_DIGITS]
    return {PARTITION_KEY: PARTITION, SORT_KEY: f"{id_}/{digest}"}


def link_from(item: Mapping[str, Any]) -> Link:
    """Return the link of an item."""
    return msgspec.convert(_named(item), Link)


def reservation_from(item: Mapping[str, Any]) -> Reservation:
    """Return the reservation of an item."""
    return msgspec.convert(_named(item), Reservation)


def is_link(item: Mapping[str, Any]) -> bool:
    """Return whether an item of the partition is a link, not a reservation."""
    return "/" not in item[SORT_KEY]


def _named(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": item[SORT_KEY], **{name: plain(value) for name, value in item.items()}}
