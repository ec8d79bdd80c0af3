"""Extensions of the files that are photos. Pure."""

from __future__ import annotations

from collections.abc import Mapping

RAW_OF_TIFF: Mapping[str, str] = {
    ".cr2": "CR2",
    ".nef": "NEF",
    ".nrw": "NEF",
    ".arw": "ARW",
    ".dng": "DNG",
    ".pef": "PEF",
    ".srw": "SRW",
}
"""RAW formats of files that are TIFF by their first bytes, by extension."""
_IMAGES = (
    *(".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".avif", ".gif", ".bmp", ".heic", ".heif"),
)
_OTHER_RAW = (".cr3", ".raf", ".orf", ".rw2")
EXTENSIONS = (*_IMAGES, *RAW_OF_TIFF, *_OTHER_RAW)
"""What a file dialog offers beside images: browsers have no type for most of these. What else is
dropped is checked by the server, and by its bytes when it is rendered."""
ACCEPT = ",".join(("image/*", *EXTENSIONS))
"""The same, as the attribute ``accept`` of an ``<input type="file">``."""
