"""Recognise a file's format by its first bytes alone. Pure.

Names, extensions and content types are not reliable. Because the format is known beforehand, only
one of Pillow's decoders sees the bytes.
"""

from __future__ import annotations

import re

from collage_lambda.reasons import Failure, FailureReason

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "HEIF")
"""The formats that are decoded, by Pillow's names."""

_MAGIC = (
    (re.compile(rb"\xff\xd8\xff"), "JPEG"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "PNG"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "WEBP"),
    (re.compile(rb"GIF8[79]a"), "GIF"),
    (re.compile(rb"(?:II\*\x00|MM\x00\*|II\x2b\x00|MM\x00\x2b)"), "TIFF"),
    (re.compile(rb"BM.{12}[\x0c\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00", re.DOTALL), "BMP"),
)
_KNOWN_BUT_UNSUPPORTED = (
    (re.compile(rb"\xff\x0a|\x00\x00\x00\x0cJXL "), "JPEG XL"),
    (re.compile(rb"\x00\x00\x00\x0cjP  |\xff\x4f\xff\x51"), "JPEG 2000"),
    (re.compile(rb"8BPS"), "PSD"),
    (re.compile(rb"\x00\x00\x01\x00"), "ICO"),
    (re.compile(rb"\x1a\x45\xdf\xa3"), "WebM"),
    (
        re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<svg", re.DOTALL),
        "SVG",
    ),
)
_TEXT = (
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body)", re.IGNORECASE), "HTML"),
    (re.compile(rb"\s*<"), "XML"),
    (re.compile(rb"\s*[\[{]"), "JSON"),
)
_FTYP = re.compile(rb"....ftyp(?P<major>....)....(?P<compatible>(?:....)*)", re.DOTALL)
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_HEAD_BYTES = 1024
_BRANDS_BYTES = 64


def sniff(data: bytes) -> str | Failure:
    """Return Pillow's name of the format of `data`, or why it is not decoded."""
    head = data[:_HEAD_BYTES]
    if not head:
        return Failure(reason=FailureReason.NOT_AN_IMAGE, detail="no bytes")
    name = _match(head, _MAGIC)
    if name:
        return name
    boxes = _FTYP.match(head[:_BRANDS_BYTES])
    if boxes:
        return _iso_media(boxes["major"], boxes["compatible"])
    known = _match(head, _KNOWN_BUT_UNSUPPORTED)
    if known:
        return Failure(reason=FailureReason.UNSUPPORTED_FORMAT, detail=known)
    return Failure(
        reason=FailureReason.NOT_AN_IMAGE, detail=_match(head, _TEXT) or f"begins {head[:8].hex()}"
    )


def _iso_media(major: bytes, compatible: bytes) -> str | Failure:
    """Distinguish AVIF and HEIF, which share one container (ISO/IEC 23008-12)."""
    brands = {major, *(compatible[at : at + 4] for at in range(0, len(compatible), 4))}
    if brands & _AVIF_BRANDS:
        return "AVIF"
    if brands & _HEIF_BRANDS:
        return "HEIF"
    return Failure(reason=FailureReason.UNSUPPORTED_FORMAT, detail=f"ISO media {major!r}")


def _match(head: bytes, patterns: tuple[tuple[re.Pattern[bytes], str], ...]) -> str | None:
    return next((name for pattern, name in patterns if pattern.match(head)), None)
