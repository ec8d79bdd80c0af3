"""RAW files by LibRaw: the embedded preview if it is large enough, else the sensor. Edge (files).

A camera's own JPEG has its colours, and costs a tenth of a demosaic.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pyvips
import rawpy

from rendition_lambda.reasons import PhotoError, PhotoFailure
from rendition_lambda.render.decode import Wanted, open_preview
from rendition_lambda.render.limits import MAX_DEMOSAIC_PIXELS
from rendition_lambda.render.picture import Picture, upright
from rendition_lambda.render.rendered import PixelSource
from rendition_lambda.render.sizes import Size

_GOOD_PREVIEW_PX = 2000
_MIN_PREVIEW_PX = 400
_LARGEST_OUTPUT_PX = 4000
_QUARTER_TURNS = {4: 5, 5: 8, 6: 6, 7: 7}
"""EXIF's orientation by LibRaw's `flip`, of sensors whose sides are exchanged."""
_TRANSPOSED = frozenset({5, 6, 7, 8})
_SRGB_GAMMA = (2.4, 12.92)


def open_raw(source: Path, min_side_px: int, wanted: Wanted) -> Picture:
    """Return the picture of a RAW file.

    In this order: a JPEG preview of 2,000 pixels or more on its longer side, the demosaiced sensor,
    a preview of 400 pixels or more. Raises `PhotoError` (`unsupported_raw`, `too_many_pixels`,
    `corrupt`) if there is none of them.
    """
    with _opened(source) as raw:
        full = _upright_size(raw)
        preview = _preview(raw, full, min_side_px, wanted)
        if preview is None or max(preview.original) < _GOOD_PREVIEW_PX:
            try:
                return _demosaic(raw, full)
            except PhotoError:
                if preview is None or max(preview.original) < _MIN_PREVIEW_PX:
                    raise
        return replace(preview, full=full)


@contextmanager
def _opened(source: Path) -> Iterator[rawpy.RawPy]:
    try:
        raw = rawpy.imread(str(source))
    except rawpy.LibRawError as error:
        raise _failure(error) from error
    with raw:
        yield raw


def _failure(error: rawpy.LibRawError) -> PhotoError:
    detail = f"LibRaw: {_text(error)}"
    if isinstance(error, rawpy.LibRawIOError | rawpy.LibRawDataError | rawpy.LibRawBadCropError):
        is_cut = isinstance(error, rawpy.LibRawIOError)
        return PhotoError(PhotoFailure.TRUNCATED if is_cut else PhotoFailure.CORRUPT, detail)
    if isinstance(error, rawpy.LibRawTooBigError | rawpy.LibRawUnsufficientMemoryError):
        return PhotoError(PhotoFailure.TOO_MANY_PIXELS, detail)
    return PhotoError(PhotoFailure.UNSUPPORTED_RAW, detail)


def _text(error: rawpy.LibRawError) -> str:
    text = error.args[0] if error.args else ""
    return (text.decode(errors="replace") if isinstance(text, bytes) else str(text))[:100]


def _upright_size(raw: rawpy.RawPy) -> Size:
    sizes = raw.sizes
    size = (sizes.width, sizes.height)
    return (size[1], size[0]) if sizes.flip in _QUARTER_TURNS else size


def _taken_at(raw: rawpy.RawPy) -> str | None:
    """Return the local time by LibRaw, which reads it in this process's time zone: UTC.

    rawpy unpacks the sensor for it, so it is not called for a preview.
    """
    taken = raw.other.timestamp
    return None if taken is None or taken.year <= 1970 else taken.strftime("%Y-%m-%dT%H:%M:%S")  # noqa: PLR2004 - the epoch: no time


def _preview(raw: rawpy.RawPy, full: Size, min_side_px: int, wanted: Wanted) -> Picture | None:
    """Return the largest JPEG preview, None if there is none that can be used.

    LibRaw writes the RAW file's orientation into a preview that has no EXIF block. If the preview
    is already turned, as its aspect shows, that would turn it twice.
    """
    try:
        thumbnail = raw.extract_thumb()
    except rawpy.LibRawError:
        return None
    if thumbnail.format != rawpy.ThumbFormat.JPEG or not isinstance(thumbnail.data, bytes):
        return None
    try:
        picture = open_preview(thumbnail.data, min_side_px, wanted)
    except (PhotoError, pyvips.Error):
        return None
    return replace(_turned_once(picture, raw.sizes.flip, full), source=PixelSource.PREVIEW)


def _turned_once(picture: Picture, flip: int, full: Size) -> Picture:
    """Return a preview with the orientation that gives it the aspect of the upright RAW file."""
    width, height = picture.original
    if width == height or full[0] == full[1] or (width > height) == (full[0] > full[1]):
        return picture
    orientation = 1 if picture.orientation in _TRANSPOSED else _QUARTER_TURNS.get(flip, 1)
    stored = upright(picture.original, picture.orientation)
    return replace(picture, orientation=orientation, original=upright(stored, orientation))


def _demosaic(raw: rawpy.RawPy, full: Size) -> Picture:
    sizes = raw.sizes
    if sizes.raw_width * sizes.raw_height > MAX_DEMOSAIC_PIXELS:
        raise PhotoError(PhotoFailure.TOO_MANY_PIXELS, f"{sizes.raw_width}x{sizes.raw_height} RAW")
    try:
        pixels = raw.postprocess(
            use_camera_wb=True,
            half_size=max(full) >= 2 * _LARGEST_OUTPUT_PX,
            output_color=rawpy.ColorSpace.sRGB,
            gamma=_SRGB_GAMMA,
            output_bps=8,
        )
    except rawpy.LibRawError as error:
        raise _failure(error) from error
    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(pixels.data, width, height, bands, "uchar")
    return Picture(
        image=image.copy(interpretation="srgb" if bands > 1 else "b-w"),
        original=full,
        full=full,
        source=PixelSource.DEMOSAIC,
        taken_at=_taken_at(raw),
        owner=pixels,
    )
