"""The format of a photo, by its first bytes and, for RAW files, its extension. Pure.

Most RAW files are TIFF files by their first bytes, so their extension decides what they are.
"""

from __future__ import annotations

import struct

from imaging.signatures import describe_head, image_format, iso_brands, other_format
from rendition_lambda.extensions import RAW_OF_TIFF
from rendition_lambda.reasons import PhotoError, PhotoFailure

RAW = "RAW"
"""The name that a recipe has for all RAW formats."""
_RAW_MAGIC = (
    (b"FUJIFILMCCD-RAW", "RAF"),
    (b"IIRO", "ORF"),
    (b"IIRS", "ORF"),
    (b"MMOR", "ORF"),
    (b"IIU\0", "RW2"),
)
RAW_FORMATS = frozenset({"CR3", *RAW_OF_TIFF.values(), *(name for _, name in _RAW_MAGIC)})
_REFUSED_RAW = frozenset(
    {".x3f", ".3fr", ".crw", ".dcr", ".erf", ".fff", ".gpr", ".iiq", ".kdc", ".mef", ".mos"}
    | {".mrw", ".rwl", ".sr2", ".srf"}
)
_FOVEON = b"FOVb"
_DNG_VERSION = 0xC612
_ENTRY_BYTES = 12


def photo_format(head: bytes, suffix: str) -> str:
    """Return a photo's format by its first bytes and the lower-case suffix of its name.

    Raises `PhotoError` if it is no image or none that is decoded. X3F is refused: LibRaw reads
    beyond the memory of such files (https://github.com/LibRaw/LibRaw/issues/827).
    """
    if not head:
        raise PhotoError(PhotoFailure.NOT_AN_IMAGE, "no bytes")
    if head.startswith(_FOVEON):
        raise PhotoError(PhotoFailure.UNSUPPORTED_RAW, "X3F")
    name = _raw_format(head, suffix) or image_format(head)
    is_tiff = name in {None, "TIFF"}
    if is_tiff and suffix in _REFUSED_RAW:
        raise PhotoError(PhotoFailure.UNSUPPORTED_RAW, suffix.removeprefix(".").upper())
    if name is not None:
        return name
    other = other_format(head)
    if other is not None:
        raise PhotoError(PhotoFailure.UNSUPPORTED_FORMAT, other)
    raise PhotoError(PhotoFailure.NOT_AN_IMAGE, describe_head(head))


def family(name: str) -> str:
    """Return the name by which a recipe accepts a format."""
    return RAW if name in RAW_FORMATS else name


def _raw_format(head: bytes, suffix: str) -> str | None:
    if b"crx " in iso_brands(head):
        return "CR3"
    for magic, name in _RAW_MAGIC:
        if head.startswith(magic):
            return name
    if image_format(head) != "TIFF":
        return None
    if head[8:10] == b"CR":
        return "CR2"
    return "DNG" if _has_dng_version(head) else RAW_OF_TIFF.get(suffix)


def _has_dng_version(head: bytes) -> bool:
    """Return whether the first directory has a DNG's tag, as far as it is in `head`."""
    order = "<" if head.startswith(b"II") else ">"
    if len(head) < 8:  # noqa: PLR2004 - the header of a TIFF
        return False
    (start,) = struct.unpack_from(f"{order}I", head, 4)
    if start + 2 > len(head):
        return False
    (count,) = struct.unpack_from(f"{order}H", head, start)
    entries = range(start + 2, min(start + 2 + count * _ENTRY_BYTES, len(head) - 1), _ENTRY_BYTES)
    return any(struct.unpack_from(f"{order}H", head, at)[0] == _DNG_VERSION for at in entries)
