"""Open a photo: its header is checked, its pixels are decoded later. Edge (files).

Each format has one decoder, chosen by the first bytes, and none sees a file of another format.
"""

from __future__ import annotations

from pathlib import Path

from imaging.signatures import HEAD_BYTES
from rendition_lambda.reasons import PhotoError, PhotoFailure
from rendition_lambda.recipe import Recipe
from rendition_lambda.render.decode import METADATA_BYTES, Wanted, open_image
from rendition_lambda.render.formats import RAW, family, photo_format
from rendition_lambda.render.picture import Picture


def open_photo(source: Path, recipe: Recipe, wanted: Wanted) -> tuple[str, Picture]:
    """Return a photo's format and its picture; raises `PhotoError` or `pyvips.Error`."""
    size = source.stat().st_size
    if size > recipe.max_bytes:
        raise PhotoError(PhotoFailure.TOO_LARGE, f"{size} bytes")
    with source.open("rb") as file:
        head = file.read(METADATA_BYTES)
    kind = photo_format(head[:HEAD_BYTES], source.suffix.lower())
    if family(kind) not in recipe.formats:
        raise PhotoError(PhotoFailure.UNSUPPORTED_FORMAT, kind)
    if family(kind) == RAW:
        # 3 MB of libraries and NumPy, which few photos need.
        from rendition_lambda.render.raw import open_raw  # noqa: PLC0415

        return kind, open_raw(source, recipe.min_side_px, wanted)
    if kind == "HEIF":
        from rendition_lambda.render.heif import open_heif  # noqa: PLC0415 - as above

        return kind, open_heif(source, head, recipe.min_side_px)
    if kind == "BMP":
        from rendition_lambda.render.bmp import open_bmp  # noqa: PLC0415 - Pillow, as above

        return kind, open_bmp(source, recipe.min_side_px)
    return kind, open_image(source, kind, head, recipe.min_side_px, wanted)
