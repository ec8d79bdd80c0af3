"""Write an ICC profile for colours that a file describes by numbers. Pure.

AVIF (nclx) and PNG (cICP, cHRM, gAMA) name primaries and a transfer function instead of a profile.
Little CMS, which Pillow has, converts by profiles only; so this writes the simplest kind of them: a
matrix and one curve (ICC.1:2022, 8.4.3). Code points are those of ITU-T H.273.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache
from math import exp

Primaries = tuple[float, float, float, float, float, float, float, float]
"""Chromaticities x and y of white, red, green and blue, in the order of PNG's cHRM."""
Curve = Callable[[float], float]
"""Linear light, 0 to 1, of an encoded value, 0 to 1."""
_Vector = tuple[float, float, float]

_D65 = (0.3127, 0.329)
BT709: Primaries = (*_D65, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
_PRIMARIES: dict[int, Primaries] = {
    1: BT709,
    4: (0.31, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.6, 0.15, 0.06),
    6: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    7: (*_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    9: (*_D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    11: (0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    12: (*_D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
_SRGB, _LINEAR, _PQ, _HLG = 13, 8, 16, 18
_LIKE_SRGB = frozenset({1, 2, 6, 11, 13, 14, 15})
"""Transfer functions of video, which Chrome reads as sRGB's, and sRGB's own."""
_GAMMAS = {4: 2.2, 5: 2.8}
_STEPS = 1_024
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_BRADFORD_INVERSE = (
    (0.9869929, -0.1470543, 0.1599627),
    (0.4323053, 0.5183603, 0.0492912),
    (-0.0085287, 0.0400428, 0.9684867),
)
_D50 = (0.9642, 1.0, 0.8249)
_HLG_WHITE = 0.265
_HDR_WHITE_NITS = 203.0
"""Diffuse white of HDR (BT.2408)."""


@cache
def coded_profile(primaries: int, transfer: int) -> bytes | None:
    """Return the profile of H.273's code points; None if it is that of sRGB, or not known."""
    curve = _curve(transfer)
    if primaries not in _PRIMARIES or curve is None:
        return None
    if primaries == 1 and transfer in _LIKE_SRGB:
        return None
    return matrix_profile(_PRIMARIES[primaries], curve)


@cache
def gamma_profile(primaries: Primaries, gamma: float) -> bytes | None:
    """Return the profile of primaries and a display's gamma; None if the primaries are impossible.

    `gamma` is that of the file (PNG's gAMA): samples are light to the power of it.
    """
    exponent = 1.0 / gamma
    return matrix_profile(primaries, lambda value: value**exponent)


def matrix_profile(primaries: Primaries, curve: Curve) -> bytes | None:
    """Return a profile of primaries and one curve; None if the primaries are impossible."""
    try:
        colorants = _adapted(primaries)
    except ZeroDivisionError:
        return None
    if any(abs(value) > 2 for column in colorants for value in column):  # noqa: PLR2004 - no light has them
        return None
    steps = [min(1.0, max(0.0, curve(step / (_STEPS - 1)))) for step in range(_STEPS)]
    shape = b"curv\0\0\0\0" + struct.pack(
        f">I{_STEPS}H", _STEPS, *(round(each * 65_535) for each in steps)
    )
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", 2) + b"x\0" + bytes(78),
        b"cprt": b"text\0\0\0\0none\0",
        b"wtpt": _xyz(_D50),
        b"rXYZ": _xyz(colorants[0]),
        b"gXYZ": _xyz(colorants[1]),
        b"bXYZ": _xyz(colorants[2]),
        b"rTRC": shape,
        b"gTRC": shape,
        b"bTRC": shape,
    }
    return _assembled(tags)


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    places: dict[bytes, int] = {}
    for name, content in tags.items():
        if content not in places:
            places[content] = start + len(body)
            body += content + bytes(-len(content) % 4)
        table += name + struct.pack(">II", places[content], len(content))
    size = 128 + len(table) + len(body)
    head = struct.pack(">I4xI", size, 0x02_40_00_00) + b"mntrRGB XYZ " + bytes(12) + b"acsp"
    head += bytes(28) + b"".join(map(_fixed, _D50))
    return head + bytes(128 - len(head)) + table + body


def _xyz(values: Sequence[float]) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, values))


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65_536))


def _curve(transfer: int) -> Curve | None:
    if transfer in _LIKE_SRGB:
        return _srgb
    if transfer in _GAMMAS:
        gamma = _GAMMAS[transfer]
        return lambda value: value**gamma
    curves: dict[int, Curve] = {_LINEAR: float, _PQ: _pq, _HLG: _hlg}
    return curves.get(transfer)


def _srgb(value: float) -> float:
    if value <= 0.04045:  # noqa: PLR2004 - IEC 61966-2-1
        return value / 12.92
    return float(((value + 0.055) / 1.055) ** 2.4)


def _pq(value: float) -> float:
    """Return light by SMPTE ST 2084, 1 at diffuse white; brighter light is cut off."""
    power = value ** (1 / 78.84375)
    light = (max(0.0, power - 0.8359375) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    return float(light * 10_000 / _HDR_WHITE_NITS)


def _hlg(value: float) -> float:
    """Return light by ARIB STD-B67, 1 at diffuse white (0.75 encoded); brighter is cut off."""
    if value <= 0.5:  # noqa: PLR2004 - BT.2100
        return value * value / 3 / _HLG_WHITE
    return (exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12 / _HLG_WHITE


def _adapted(primaries: Primaries) -> tuple[_Vector, _Vector, _Vector]:
    """Return XYZ of red, green and blue, so that they add up to D50 (Bradford)."""
    white, *colours = (
        _from_xy(primaries[at], primaries[at + 1]) for at in range(0, len(primaries), 2)
    )
    amounts = _solve(colours, white)
    cone = _times(_BRADFORD, white)
    target = _times(_BRADFORD, _D50)
    adapted = []
    for colour, amount in zip(colours, amounts, strict=True):
        cones = _times(_BRADFORD, _scaled(colour, amount))
        moved = tuple(a * b / c for a, b, c in zip(cones, target, cone, strict=True))
        adapted.append(_times(_BRADFORD_INVERSE, moved))
    red, green, blue = adapted
    return red, green, blue


def _from_xy(x: float, y: float) -> _Vector:
    return x / y, 1.0, (1 - x - y) / y


def _scaled(vector: Sequence[float], by: float) -> _Vector:
    x, y, z = (each * by for each in vector)
    return x, y, z


def _times(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> _Vector:
    x, y, z = (sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)
    return x, y, z


def _solve(columns: Sequence[_Vector], target: _Vector) -> _Vector:
    """Return the amounts of three columns that add up to `target`, by Cramer's rule."""
    whole = _determinant(*columns)
    x, y, z = (
        _determinant(*(target if at == number else each for at, each in enumerate(columns))) / whole
        for number in range(3)
    )
    return x, y, z


def _determinant(a: _Vector, b: _Vector, c: _Vector) -> float:
    return (
        a[0] * (b[1] * c[2] - b[2] * c[1])
        - b[0] * (a[1] * c[2] - a[2] * c[1])
        + c[0] * (a[1] * b[2] - a[2] * b[1])
    )
