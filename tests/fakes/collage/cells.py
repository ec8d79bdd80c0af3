"""Cells decoded in tests, and how close they are to the exact way."""

from __future__ import annotations

import math

from PIL import Image, ImageCms

from collage_lambda.image.decode import Cell, CellSpec, decode_cell
from collage_lambda.reasons import Failure, FailureReason

SPEC = CellSpec(cell_px=100, background=(255, 255, 255))
NEAR = 3.0
"""Mean difference of two pictures, of 255, that a lossy format may make."""


def cell_of(data: bytes, spec: CellSpec = SPEC) -> Image.Image:
    cell = decode_cell(data, spec)
    assert isinstance(cell, Cell), cell
    assert cell.image.mode == "RGB"
    assert cell.image.size == (spec.cell_px, spec.cell_px)
    return cell.image


def reason_of(data: bytes) -> FailureReason:
    failure = decode_cell(data, SPEC)
    assert isinstance(failure, Failure)
    return failure.reason


def exact(image: Image.Image, cell_px: int = 100) -> Image.Image:
    """Scale the slow way: the whole picture by LANCZOS, then the centre."""
    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    box = (left, top, left + side, top + side)
    return image.convert("RGB").resize((cell_px, cell_px), Image.Resampling.LANCZOS, box=box)


def psnr(one: Image.Image, other: Image.Image) -> float:
    pairs = zip(one.tobytes(), other.tobytes(), strict=True)
    error = sum((a - b) ** 2 for a, b in pairs) / len(one.tobytes())
    return 10 * math.log10(255**2 / max(error, 1e-9))


def swapped_profile() -> bytes:
    """Return sRGB's profile with the tags of its red and blue primaries exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"tmp1").replace(b"bXYZ", b"rXYZ").replace(b"tmp1", b"bXYZ")
