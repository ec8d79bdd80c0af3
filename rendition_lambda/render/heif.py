"""HEIC and HEIF by libheif. Edge (files).

libheif turns images upright by the container's properties, and an orientation in EXIF means nothing
(ISO/IEC 23008-12, annex A).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pi_heif  # type: ignore[import-untyped]
import pyvips

from imaging.heif_parts import Part, coded_parts
from imaging.profile import coded_profile
from rendition_lambda.reasons import PhotoError, PhotoFailure
from rendition_lambda.render.decode import has_gain_map, iso_time
from rendition_lambda.render.limits import check_parts, check_size
from rendition_lambda.render.picture import Picture

_HDR_TRANSFERS = frozenset({16, 18})
_SAMPLES = {
    "L": (1, "uchar"),
    "LA": (2, "uchar"),
    "I;16": (1, "ushort"),
    "RGB": (3, "uchar"),
    "RGBA": (4, "uchar"),
}
"""Bands and their format by mode; pi-heif makes 8 bits of more, except of grey."""
_EXIF_IFD, _ORIGINAL, _DIGITIZED = 0x8769, 0x9003, 0x9004
_CUT = ("end of file", "unexpected end", "truncated", "cannot read")
_MAX_CODED_BYTES = 16 * 1024 * 1024
"""Of a slice, which is usually a whole coded image: libde265's limit, which cannot be changed."""


def open_heif(source: Path, head: bytes, min_side_px: int) -> Picture:
    """Return the picture of a HEIC's or HEIF's primary image; raises `PhotoError`."""
    pi_heif.options.DECODE_THREADS = 1
    pi_heif.options.THUMBNAILS = pi_heif.options.DEPTH_IMAGES = pi_heif.options.AUX_IMAGES = False
    data = source.read_bytes()
    parts = coded_parts(data)
    check_parts(parts)
    try:
        file = pi_heif.open_heif(data, convert_hdr_to_8bit=True)
        image = file[file.primary_index]
        check_size("HEIF", image.size, min_side_px)
        pixels = _pixels(image)
        taken_at = _taken_at(image.info.get("exif"))
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError, LookupError) as error:
        raise _failure(error, parts) from error
    size = (pixels.width, pixels.height)
    coded = image.info.get("nclx_profile") or {}
    transfer = coded.get("transfer_characteristics", 0)
    profile = image.info.get("icc_profile") or coded_profile(
        coded.get("color_primaries", 1), transfer or 13
    )
    return Picture(
        image=pixels,
        original=size,
        full=size,
        profile=profile,
        hdr=has_gain_map(head) or transfer in _HDR_TRANSFERS,
        taken_at=taken_at,
        owner=(file, image),  # its memoryview holds no reference
    )


def _failure(error: Exception, parts: Sequence[Part]) -> PhotoError:
    largest = max((part.bytes for part in parts), default=0)
    if largest > _MAX_CODED_BYTES:
        detail = f"{largest} bytes in one coded image, of {_MAX_CODED_BYTES}"
        return PhotoError(PhotoFailure.UNSUPPORTED_FORMAT, detail)
    is_cut = isinstance(error, EOFError) or any(each in str(error).lower() for each in _CUT)
    reason = PhotoFailure.TRUNCATED if is_cut else PhotoFailure.CORRUPT
    return PhotoError(reason, f"{type(error).__name__}: {error}"[:120])


def _pixels(image: Any) -> pyvips.Image:  # noqa: ANN401 - pi_heif has no types
    """Return the decoded pixels; rows may be longer than the image is wide."""
    width, height = image.size
    bands, samples = _SAMPLES.get(image.mode, (0, ""))
    if not bands:
        raise PhotoError(PhotoFailure.UNSUPPORTED_FORMAT, f"mode {image.mode}")
    is_wide = samples == "ushort"
    stride = image.stride // 2 if is_wide else image.stride
    rows = pyvips.Image.new_from_memory(image.data, stride, height, 1, samples)
    used = rows if stride == width * bands else rows.crop(0, 0, width * bands, height)
    packed = used.bandfold(factor=bands) if bands > 1 else used
    grey = "grey16" if is_wide else "b-w"
    return packed.copy(interpretation=grey if bands < 3 else "srgb")  # noqa: PLR2004 - colours


def _taken_at(block: bytes | None) -> str | None:
    if not block:
        return None
    from PIL import Image  # noqa: PLC0415 - pi_heif imports it anyway

    exif = Image.Exif()
    exif.load(block)
    times = exif.get_ifd(_EXIF_IFD)
    found = times.get(_ORIGINAL) or times.get(_DIGITIZED)
    return iso_time(found) if isinstance(found, str) else None
