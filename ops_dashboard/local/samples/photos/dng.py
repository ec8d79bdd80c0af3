"""DNG files: an uncompressed Bayer mosaic, with or without a JPEG preview. Pure.

Adobe's DNG specification 1.4: a TIFF whose first directory is the preview, or the sensor itself if
there is none, and a sub-directory with the sensor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ops_dashboard.local.samples.photos.tiff import (
    ASCII,
    BYTE,
    LONG,
    RATIONAL,
    SHORT,
    SRATIONAL,
    Entry,
    append,
    begin_with,
    directory,
    new_file,
)

_XYZ_TO_SRGB = (3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570)


def mosaic(rgb: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return the 16-bit linear RGGB mosaic of an sRGB picture with even sides."""
    value = np.arange(256) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - IEC 61966-2-1
    samples = np.rint(linear * 60_000).astype(np.uint16)[rgb]
    bayer: NDArray[np.uint16] = samples[:, :, 1].copy()
    bayer[0::2, 0::2] = samples[0::2, 0::2, 0]
    bayer[1::2, 1::2] = samples[1::2, 1::2, 2]
    return bayer


def dng(
    rgb: NDArray[np.uint8],
    *,
    preview: bytes = b"",
    preview_size: tuple[int, int] = (0, 0),
    orientation: int = 1,
    taken_at: str = "",
) -> bytes:
    """Return a DNG of an sRGB picture as the sensor sees it, before `orientation` is applied."""
    height, width = rgb.shape[:2]
    pixels = mosaic(rgb).tobytes()
    file = new_file()
    pixels_at = append(file, pixels)
    sensor: list[Entry] = [
        (254, LONG, (0,)), (256, LONG, (width,)), (257, LONG, (height,)), (258, SHORT, (16,)),
        (259, SHORT, (1,)), (262, SHORT, (32803,)), (273, LONG, (pixels_at,)),
        (277, SHORT, (1,)), (278, LONG, (height,)), (279, LONG, (len(pixels),)),
        (33421, SHORT, (2, 2)), (33422, BYTE, bytes([0, 1, 1, 2])),
        (50714, LONG, (0,)), (50717, LONG, (60_000,)),
    ]  # fmt: skip
    camera: list[Entry] = [
        (271, ASCII, b"Test\0"), (272, ASCII, b"Camera\0"), (274, SHORT, (orientation,)),
        (50706, BYTE, bytes([1, 4, 0, 0])), (50708, ASCII, b"Test Camera\0"),
        (50721, SRATIONAL, _XYZ_TO_SRGB), (50728, RATIONAL, (1.0, 1.0, 1.0)),
        (50778, SHORT, (21,)),
    ]  # fmt: skip
    if taken_at:
        exif = directory(file, [(0x9003, ASCII, taken_at.encode() + b"\0")])
        camera += [(34665, LONG, (exif,)), (306, ASCII, taken_at.encode() + b"\0")]
    if preview:
        preview_at = append(file, preview)
        sub = directory(file, sensor)
        camera += [
            (254, LONG, (1,)), (256, LONG, (preview_size[0],)), (257, LONG, (preview_size[1],)),
            (258, SHORT, (8, 8, 8)), (259, SHORT, (7,)), (262, SHORT, (6,)),
            (273, LONG, (preview_at,)), (277, SHORT, (3,)), (278, LONG, (preview_size[1],)),
            (279, LONG, (len(preview),)), (330, LONG, (sub,)),
        ]  # fmt: skip
    else:
        camera += sensor
    begin_with(file, directory(file, camera))
    return bytes(file)
