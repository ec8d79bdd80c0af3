"""Pictures as files, with metadata and turned as cameras store them. Pure."""

from __future__ import annotations

import io

import pillow_heif
from PIL import Image

from ops_dashboard.local.samples.photos.metadata import XMP, exif_block

_QUALITY = 92
STORED = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}
"""How an upright picture is turned to be stored with an EXIF orientation."""


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    """Return a picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def heic(picture: Image.Image, exif: bytes = b"", **options: object) -> bytes:
    """Return a HEIC; an orientation in `exif` becomes properties of its container."""
    file = pillow_heif.from_pillow(picture)
    if exif:
        file.info["exif"] = exif
    buffer = io.BytesIO()
    file.save(buffer, **{"quality": 95, "chroma": 444, **options})
    return buffer.getvalue()


def jpeg(picture: Image.Image, orientation: int = 1, **options: object) -> bytes:
    """Return a JPEG with metadata, stored so that `orientation` turns it upright."""
    small = saved(picture.resize((160, 120)), "JPEG")
    stored = picture.transpose(STORED[orientation]) if orientation in STORED else picture
    metadata = {"exif": exif_block(orientation, small), "xmp": XMP, "comment": XMP}
    fine = {"quality": _QUALITY, "subsampling": "4:4:4"}
    return saved(stored, "JPEG", **{**metadata, **fine, **options})
