"""What a client gets to upload with: signed URLs, and the parts of large files. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

PART_BYTES = 8 << 20
MAX_PUT_BYTES = 16 << 20
"""Larger files are sent in parts, so that a cut connection costs one part."""
URL_LIFE_S = 3_600


class SignedPut(msgspec.Struct, frozen=True, kw_only=True, tag="put"):
    """One PUT request that uploads a whole file. Send the body with exactly these headers.

    S3 answers 200; 412 if there is an object at the key already; 403 if the body has another length
    or type, or if the URL has expired.
    """

    key: str
    url: str
    headers: dict[str, str]
    """Without ``Content-Length``, which the client's HTTP library sets and which is signed, too."""
    bytes: int
    expires_at: int
    """Epoch second."""


class PartsUpload(msgspec.Struct, frozen=True, kw_only=True, tag="parts"):
    """A file that is sent in parts; whoever has it can resume (`multipart`).

    Keep it (a browser in its local storage) until the upload is completed or aborted.
    """

    key: str
    upload_id: str
    bytes: int
    replace: bool
    nonce: str
    """Metadata of the object, by which a completed upload is recognised."""
    part_bytes: int = PART_BYTES

    @property
    def numbers(self) -> range:
        """Numbers of all parts, from 1."""
        return range(1, -(-self.bytes // self.part_bytes) + 1)

    def size_of(self, number: int) -> int:
        """Return the number of bytes of a part."""
        return min(self.part_bytes, self.bytes - (number - 1) * self.part_bytes)


class SignedPart(msgspec.Struct, frozen=True, kw_only=True):
    """One PUT request that sends a part: ``bytes`` from ``offset``, with no headers of its own."""

    number: int
    offset: int
    bytes: int
    url: str
    expires_at: int


class SentPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part that S3 has."""

    number: int
    bytes: int
    etag: str


def missing(upload: PartsUpload, sent: Iterable[SentPart]) -> tuple[int, ...]:
    """Return the numbers of the parts that are still to be sent, whole."""
    there = {part.number for part in sent if part.bytes == upload.size_of(part.number)}
    return tuple(number for number in upload.numbers if number not in there)
