"""Rows are checked and packed the plain way, to compare ours with. Pure (orjson, urllib, zlib).

What ours do for a usual row, with what the standard library has: the creator's name is trimmed and
normalised; the URLs in the cover's JSON are looked for at any depth; the first one that can be
fetched and has not expired is taken; the parts that do not change are its image's identity; the
date becomes UTC. Rows are packed by bucket into compressed JSON of about the size of ours.
"""

from __future__ import annotations

import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import orjson

from stream_ingest.records.codec import BUCKETS
from stream_ingest.records.packer import RECORD_BYTES
from stream_ingest.records.rows import MAX_URL_LENGTH

MAX_NAME_BYTES = 255
_UNPACKED_BYTES = 4 * RECORD_BYTES
_LEVEL = 6


@dataclass(frozen=True, slots=True)
class PlainRow:
    """A checked row."""

    creator: str
    url: str
    identity: str
    created_at_ms: int


def plain_row(creator: str, cover: str, created_at: datetime, now_s: float) -> PlainRow:
    """Return a checked row; raises `ValueError` if it cannot be used."""
    name = unicodedata.normalize("NFC", creator.strip().lstrip("@"))
    if not 0 < len(name.encode()) <= MAX_NAME_BYTES or not name.isprintable():
        msg = "no name of a creator"
        raise ValueError(msg)
    for url in dict.fromkeys(_urls(orjson.loads(cover))):
        identity = _identity(url, now_s)
        if identity is not None:
            moment = created_at.replace(tzinfo=UTC).timestamp()
            return PlainRow(name, url, identity, int(moment * 1_000))
    msg = "no URL that can be fetched"
    raise ValueError(msg)


def _urls(value: object) -> Iterator[str]:
    """Yield every URL in a value of JSON."""
    if isinstance(value, str):
        if value.startswith(("http://", "https://")):
            yield value
    elif isinstance(value, dict | list):
        for below in value.values() if isinstance(value, dict) else value:
            yield from _urls(below)


def _identity(url: str, now_s: float) -> str | None:
    """Return what of a URL names its image; None if it cannot be fetched or has expired."""
    if len(url) > MAX_URL_LENGTH or not url.isascii() or not url.isprintable() or " " in url:
        return None
    parts = urlsplit(url)
    if not parts.hostname or parts.username is not None:
        return None
    expires_s = parse_qs(parts.query).get("x-expires")
    if expires_s and int(expires_s[0]) <= now_s:
        return None
    return "/".join(parts.path.split("/")[-2:]).partition("~")[0]


class PlainPacker:
    """Packs rows into records, by bucket, in the order they are added."""

    def __init__(self) -> None:
        """Begin with no row."""
        self._rows: dict[int, list[PlainRow]] = defaultdict(list)
        self._bytes: dict[int, int] = defaultdict(int)

    def add(self, row: PlainRow) -> bytes | None:
        """Add a row; return its bucket's record if that is full."""
        bucket = zlib.crc32(row.creator.encode()) % BUCKETS
        self._rows[bucket].append(row)
        self._bytes[bucket] += len(row.url) + len(row.creator)
        return self._seal(bucket) if self._bytes[bucket] >= _UNPACKED_BYTES else None

    def flush(self) -> Iterator[bytes]:
        """Yield a record for every bucket that still holds rows."""
        for bucket in list(self._rows):
            yield self._seal(bucket)

    def _seal(self, bucket: int) -> bytes:
        self._bytes.pop(bucket)
        return zlib.compress(orjson.dumps(self._rows.pop(bucket)), _LEVEL)
