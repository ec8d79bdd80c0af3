"""Recognise a file's format by its first bytes alone. Pure.

Names, extensions and content types are not reliable. Because the format is known beforehand, only
one of Pillow's decoders sees the bytes.
"""

from __future__ import annotations

from collage_lambda.reasons import Failure, FailureReason
from imaging.signatures import HEAD_BYTES, describe_head, image_format, other_format

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF", "HEIF")
"""The formats that are decoded, by Pillow's names."""


def sniff(data: bytes) -> str | Failure:
    """Return Pillow's name of the format of `data`, or why it is not decoded."""
    head = data[:HEAD_BYTES]
    if not head:
        return Failure(reason=FailureReason.NOT_AN_IMAGE, detail="no bytes")
    name = image_format(head)
    if name:
        return name
    other = other_format(head)
    if other:
        return Failure(reason=FailureReason.UNSUPPORTED_FORMAT, detail=other)
    return Failure(reason=FailureReason.NOT_AN_IMAGE, detail=describe_head(head))
