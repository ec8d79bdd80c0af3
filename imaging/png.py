"""Leave out the chunks of a PNG that are no part of its picture. Pure.

Text (XMP, prompts of image generators) can be larger than Pillow allows, and an ancillary chunk can
have a wrong checksum; either would cost the picture, which browsers show. Chunks that a decoder
needs (their names begin with a capital, PNG specification 5.4) are left as they are.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

_SIGNATURE_BYTES = 8
_TEXT = frozenset({b"tEXt", b"zTXt", b"iTXt"})
_MAX_PROFILE_BYTES = 1 << 20
"""Compressed; a profile that is larger is no profile. Pillow stops at 1 MiB of text by itself."""
_ANCILLARY_BIT = 0x20
_SIZES = {b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"cICP": 4}
"""Bytes of chunks that Pillow refuses, or reads wrongly, in another size."""


def picture_chunks(data: bytes) -> bytes:
    """Return a PNG without text and without ancillary chunks that are broken or absurdly large.

    Returns `data` itself if there are none, which is usual.
    """
    unwanted = [span for span in _ancillary(data) if _is_unwanted(data, *span)]
    if not unwanted:
        return data
    parts, at = [], 0
    for start, end in unwanted:
        parts.append(data[at:start])
        at = end
    return b"".join([*parts, data[at:]])


def chunks_before_pixels(data: bytes) -> dict[bytes, bytes]:
    """Return the ancillary chunks before a PNG's first pixels, by name; the last of each."""
    found: dict[bytes, bytes] = {}
    pixels = data.find(b"IDAT")
    for start, end in _ancillary(data if pixels < 0 else data[:pixels]):
        found[data[start + 4 : start + 8]] = data[start + 8 : end - 4]
    return found


def has_hidden_picture(data: bytes) -> bool:
    """Return whether an animated PNG has a picture that is none of its frames.

    Then no frame control chunk comes before the first pixels (APNG specification).
    """
    names = [data[start + 4 : start + 8] for start, _ in _ancillary(data)]
    return b"fdAT" in names and b"fcTL" not in chunks_before_pixels(data)


def _ancillary(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each ancillary chunk begins and ends, as far as the file is whole."""
    at = _SIGNATURE_BYTES
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            return
        if data[at + 4] & _ANCILLARY_BIT:
            yield at, end
        at = end


def _is_unwanted(data: bytes, start: int, end: int) -> bool:
    name = data[start + 4 : start + 8]
    if _SIZES.get(name, end - start - 12) != end - start - 12:
        return True
    if name in _TEXT or (name == b"iCCP" and end - start > _MAX_PROFILE_BYTES):
        return True
    return zlib.crc32(data[start + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big")
