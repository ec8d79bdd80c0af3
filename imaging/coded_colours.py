"""Find the colours that a PNG or an AVIF describes by numbers, as browsers read them. Pure.

PNG: cICP comes before iCCP, that before sRGB, that before gAMA with cHRM; cHRM alone means nothing
(PNG third edition, 4.3). AVIF: nclx, unless there is an ICC profile.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from imaging import png
from imaging.profile import BT709, Primaries, coded_profile, gamma_profile

_USUAL_GAMMAS = (0.44, 0.47)
"""Gammas of files that mean sRGB."""
_GAMMAS = (0.1, 4.0)
_AVIF_HEAD_BYTES = 4_096


class RgbProfile(bytes):
    """A profile of RGB that applies to a grey image, too."""

    __slots__ = ()


def colour_profile(kind: str, data: bytes, embedded: object) -> object:
    """Return the profile of an image of a format; `embedded` is its ICC profile, if any."""
    if kind == "PNG":
        return _of_png(png.chunks_before_pixels(data), embedded)
    if kind == "AVIF" and not embedded:
        return _wrapped(_of_nclx(data[:_AVIF_HEAD_BYTES]))
    return embedded


def _of_png(chunks: Mapping[bytes, bytes], embedded: object) -> object:
    coded = chunks.get(b"cICP", b"")
    if len(coded) == 4:  # noqa: PLR2004 - primaries, transfer, matrix, range
        return _wrapped(coded_profile(coded[0], coded[1]))
    if embedded or b"sRGB" in chunks or len(chunks.get(b"gAMA", b"")) != 4:  # noqa: PLR2004 - a number
        return embedded
    gamma = int.from_bytes(chunks[b"gAMA"], "big") / 100_000
    primaries = _primaries(chunks.get(b"cHRM", b""))
    is_usual = _USUAL_GAMMAS[0] < gamma < _USUAL_GAMMAS[1] and primaries == BT709
    if is_usual or not _GAMMAS[0] <= gamma <= _GAMMAS[1]:
        return None
    return _wrapped(gamma_profile(primaries, gamma))


def _primaries(chunk: bytes) -> Primaries:
    if len(chunk) != 32:  # noqa: PLR2004 - eight numbers
        return BT709
    numbers = (each / 100_000 for each in struct.unpack(">8I", chunk))
    white_x, white_y, red_x, red_y, green_x, green_y, blue_x, blue_y = numbers
    return white_x, white_y, red_x, red_y, green_x, green_y, blue_x, blue_y


def _of_nclx(head: bytes) -> bytes | None:
    at = head.find(b"colrnclx")
    if at < 0 or at + 12 > len(head):
        return None
    primaries, transfer = struct.unpack_from(">HH", head, at + 8)
    return coded_profile(primaries, transfer)


def _wrapped(profile: bytes | None) -> RgbProfile | None:
    return None if profile is None else RgbProfile(profile)
