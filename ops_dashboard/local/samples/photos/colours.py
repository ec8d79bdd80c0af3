"""Colours in other spaces than sRGB, and how far two colours are apart. Pure."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from imaging.profile import coded_profile, matrix_profile

Pixels = NDArray[np.uint8]
Chromaticities = tuple[float, float, float, float, float, float]
"""x and y of red, green and blue; white is D65."""
SRGB: Chromaticities = (0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
P3: Chromaticities = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
ADOBE: Chromaticities = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
ADOBE_GAMMA = 563 / 256
_WHITE = np.array([0.3127 / 0.329, 1.0, (1 - 0.3127 - 0.329) / 0.329])
_ROWS = 256
"""Rows that are converted at once, as their floating-point values take much memory."""


def in_primaries(pixels: Pixels, chromaticities: Chromaticities, gamma: float = 0) -> Pixels:
    """Return sRGB pixels in another space by the textbook.

    `gamma` is that of the space; 0 means sRGB's curve.
    """
    value = np.arange(256) / 255
    light = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004 - IEC 61966-2-1
    matrix = (np.linalg.inv(_to_xyz(chromaticities)) @ _to_xyz(SRGB)).T
    made = np.empty_like(pixels)
    for top in range(0, len(pixels), _ROWS):
        inside = (light[pixels[top : top + _ROWS]] @ matrix).clip(0, 1)
        made[top : top + _ROWS] = np.rint(_curve(inside, gamma) * 255)
    return made


@cache
def p3_profile() -> bytes:
    """Return a profile of Display P3."""
    profile = coded_profile(12, 13)
    assert profile is not None  # noqa: S101 - both numbers are known
    return profile


@cache
def adobe_rgb_profile() -> bytes:
    """Return a profile of Adobe RGB (1998)."""
    profile = matrix_profile((0.3127, 0.329, *ADOBE), lambda value: value**ADOBE_GAMMA)
    assert profile is not None  # noqa: S101 - its primaries are possible
    return profile


def farthest(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the largest difference of two rows of sRGB colours, 0 to 255, by CIEDE2000."""
    from skimage.color import deltaE_ciede2000, rgb2lab  # noqa: PLC0415 - SciPy: slow to import

    differences = deltaE_ciede2000(rgb2lab(one / 255), rgb2lab(other / 255))  # type: ignore[no-untyped-call]
    return float(differences.max())


def _curve(light: NDArray[np.float64], gamma: float) -> NDArray[np.float64]:
    if gamma:
        return light ** (1 / gamma)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)  # noqa: PLR2004 - IEC 61966-2-1


def _to_xyz(chromaticities: Chromaticities) -> NDArray[np.float64]:
    xs, ys = np.array(chromaticities[0::2]), np.array(chromaticities[1::2])
    columns = np.array([xs / ys, np.ones(3), (1 - xs - ys) / ys])
    return columns * np.linalg.solve(columns, _WHITE)
