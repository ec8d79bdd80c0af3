"""Formats of files by their first bytes. Pure.

Names, extensions and content types are not reliable.
"""

from __future__ import annotations

import re

HEAD_BYTES = 1024
"""First bytes of a file by which its format is known."""

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
_BRANDS_BYTES = 64


def image_format(head: bytes) -> str | None:
    """Return Pillow's name of the format of a file by its first `HEAD_BYTES`, if it is decoded."""
    name = _match(head, _MAGIC)
    if name:
        return name
    brands = iso_brands(head)
    if brands & _AVIF_BRANDS:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else None


def other_format(head: bytes) -> str | None:
    """Return the name of a format that is known and not decoded."""
    boxes = _FTYP.match(head[:_BRANDS_BYTES])
    return f"ISO media {boxes['major']!r}" if boxes else _match(head, _KNOWN_BUT_UNSUPPORTED)


def describe_head(head: bytes) -> str:
    """Return a short description of a file that is no image."""
    return _match(head, _TEXT) or f"begins {head[:8].hex()}"


def iso_brands(head: bytes) -> frozenset[bytes]:
    """Return the brands of an ISO media file: HEIF, AVIF, CR3 and video (ISO/IEC 14496-12)."""
    boxes = _FTYP.match(head[:_BRANDS_BYTES])
    if not boxes:
        return frozenset()
    compatible = boxes["compatible"]
    others = (compatible[at : at + 4] for at in range(0, len(compatible), 4))
    return frozenset({boxes["major"], *others})


def _match(head: bytes, patterns: tuple[tuple[re.Pattern[bytes], str], ...]) -> str | None:
    return next((name for pattern, name in patterns if pattern.match(head)), None)
