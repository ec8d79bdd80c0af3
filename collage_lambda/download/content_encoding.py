"""Undo the content codings of a body, within a limit. Pure.

Requests ask for no coding (``Accept-Encoding: identity``), but some servers use one anyway, or
several, or name one that they did not use. A body that begins as an image is not decoded, whatever
its header says. RFC 9110, section 8.4; RFC 7932 (br).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable

import brotli  # type: ignore[import-untyped]

from collage_lambda.reasons import Failure, FailureReason

MAX_CODINGS = 3
_IMAGE = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8[79]a|RIFF....WEBP|....ftyp|(?:II\*|MM\0\*)", re.DOTALL
)
_NONE = frozenset({"", "identity", "none"})
_STEP_BYTES = 1 << 20

Decoder = Callable[[bytes, int], bytes]
"""Decodes at most so many bytes and one more; raises `ValueError` for other content."""


def decode_body(data: bytes, headers: Iterable[str], max_bytes: int) -> bytes | Failure:
    """Return a body without the codings that ``Content-Encoding`` headers name.

    A coded body that ends early yields what can be decoded of it.
    """
    codings = _codings(headers)
    if len(codings) > MAX_CODINGS:
        return _unsupported(f"{len(codings)} codings")
    for coding in reversed(codings):
        if _IMAGE.match(data) or not data:
            return data
        decoder = _DECODERS.get(coding)
        if decoder is None:
            return _unsupported(coding)
        try:
            data = decoder(data, max_bytes)
        except ValueError:
            detail = f"not {coding}, which its Content-Encoding says"
            return Failure(reason=FailureReason.CORRUPT, detail=detail)
        if len(data) > max_bytes:
            detail = f"more than {max_bytes} bytes decoded"
            return Failure(reason=FailureReason.TOO_LARGE, detail=detail)
    return data


def is_coded(headers: Iterable[str]) -> bool:
    """Return whether ``Content-Encoding`` headers name a coding."""
    return bool(_codings(headers))


def _codings(headers: Iterable[str]) -> list[str]:
    """Return the codings that headers name, in the order in which they were applied."""
    named = (each.strip().lower() for header in headers for each in header.split(","))
    return [each for each in named if each not in _NONE]


def _unsupported(coding: str) -> Failure:
    printable = "".join(filter(str.isprintable, coding))[:40]
    return Failure(reason=FailureReason.UNSUPPORTED_FORMAT, detail=f"Content-Encoding {printable}")


def _gunzip(data: bytes, max_bytes: int) -> bytes:
    return _inflate(data, max_bytes, 16 + zlib.MAX_WBITS)


def _deflate(data: bytes, max_bytes: int) -> bytes:
    """Decode zlib's format or, as some servers send, bare deflate."""
    try:
        return _inflate(data, max_bytes, zlib.MAX_WBITS)
    except ValueError:
        return _inflate(data, max_bytes, -zlib.MAX_WBITS)


def _inflate(data: bytes, max_bytes: int, window_bits: int) -> bytes:
    parts: list[bytes] = []
    left = max_bytes + 1
    while data and left > 0:  # gzip may have several members
        inflater = zlib.decompressobj(window_bits)
        try:
            part = inflater.decompress(data, left)
        except zlib.error as error:
            if parts:
                break  # bytes after the end
            raise ValueError from error
        if not part and not inflater.eof:
            raise ValueError
        parts.append(part)
        left -= len(part)
        data = inflater.unused_data if window_bits > zlib.MAX_WBITS else b""
    return b"".join(parts)


def _unbrotli(data: bytes, max_bytes: int) -> bytes:
    decompressor = brotli.Decompressor()
    parts: list[bytes] = []
    size = 0
    try:
        while size <= max_bytes:
            part = decompressor.process(data, output_buffer_limit=_STEP_BYTES)
            data = b""
            parts.append(part)
            size += len(part)
            if decompressor.is_finished() or decompressor.can_accept_more_data():
                break
    except brotli.error as error:
        raise ValueError from error
    return b"".join(parts)


_DECODERS: dict[str, Decoder] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "br": _unbrotli,
}
