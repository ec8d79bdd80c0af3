"""Scale pictures by LANCZOS: with SIMD by pic-scale, or by Pillow. Pure (Pillow, pic-scale).

Pillow's wheels scale without SIMD, which takes three times as long. pic-scale copies what it scales
four times and knows whole pixels alone, so it gets RGB, boxes of whole pixels, and no more than
`_MAX_PIXELS`. Everything else is left to Pillow, and so is everything if there is no wheel for this
platform, or if this processor does not scale as Pillow does.

Which instructions pic-scale uses is decided by the processor that it runs on, and 0.7.12 has a set
that makes levels from 128 up too bright by two: that of ARM processors with RDM but without I8MM,
such as Graviton2. So a test picture is scaled both ways before the first other one (`checked`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from hashlib import shake_128

from PIL import Image, ImageChops, ImageStat

Size = tuple[int, int]
Box = tuple[float, float, float, float]
Resize = Callable[[Image.Image, Size], Image.Image]
"""Scales a whole RGB image."""

_LANCZOS = Image.Resampling.LANCZOS
_MAX_PIXELS = 1024 * 1024
"""Maximum size of a picture that pic-scale scales; its copies take 12 bytes a pixel."""
_MAX_SQUARED_ERROR = 0.65
"""Mean square of the difference from Pillow, 50 dB, up to which another scaler is used."""
_LEVELS = 256
_TEST_SIZE, _TEST_SCALED_SIZE = (120, 120), (80, 80)
_TEST_NOISE = 0.15
"""Share of noise in the test picture."""


def scale(
    image: Image.Image, size: Size, box: Box, reducing_gap: float | None, *, simd: bool
) -> Image.Image:
    """Return the part of a loaded image in `box` (left, top, right, bottom), scaled to `size`.

    It is box-reduced first, to no less than `reducing_gap` times `size`; None means never. Without
    `simd` Pillow scales it.
    """
    factors = _factors(size, box, reducing_gap)
    if image.mode != "RGB" or not _is_whole(box, factors):
        return image.resize(size, _LANCZOS, box=box, reducing_gap=reducing_gap)
    left, top, right, bottom = map(int, box)
    whole = (left, top, right, bottom)
    part = image.crop(whole) if factors == (1, 1) else image.reduce(factors, whole)
    is_small = part.width * part.height <= _MAX_PIXELS
    resize = simd_resize() if simd and is_small else None
    return resize_by_pillow(part, size) if resize is None else resize(part, size)


def resize_by_pillow(image: Image.Image, size: Size) -> Image.Image:
    """Scale a whole image by Pillow."""
    return image.resize(size, _LANCZOS)


def scaler_name(*, simd: bool) -> str:
    """Return what scales RGB pictures in this process: ``pic-scale`` or ``Pillow``.

    Without `simd` it is Pillow.
    """
    return "pic-scale" if simd and simd_resize() is not None else "Pillow"


@cache
def simd_resize() -> Resize | None:
    """Return pic-scale's function, which runs in the thread that calls it; None if it is no use."""
    try:
        import pic_scale  # noqa: PLC0415 - not in processes that scale nothing
    except ImportError:
        return None
    lanczos = pic_scale.Resampling.LANCZOS
    return checked(partial(pic_scale.resize, resampling=lanczos, workers=1))


def checked(resize: Resize) -> Resize | None:
    """Return a function that scales like Pillow, by `resize`; None if that is not possible.

    If a test picture differs, each level is replaced by the mean of what it should have been.
    """
    picture = _test_picture()
    truth = resize_by_pillow(picture, _TEST_SCALED_SIZE)
    made = resize(picture, _TEST_SCALED_SIZE)
    if _squared_error(made, truth) <= _MAX_SQUARED_ERROR:
        return resize
    levels = _mean_levels(made, truth)
    if _squared_error(made.point(levels), truth) > _MAX_SQUARED_ERROR:
        return None
    return lambda image, size: resize(image, size).point(levels)


def _factors(size: Size, box: Box, reducing_gap: float | None) -> Size:
    """Return the factors by which Pillow's `resize` box-reduces, horizontally and vertically."""
    if reducing_gap is None:
        return 1, 1
    left, top, right, bottom = box
    width, height = size
    across = int((right - left) / width / reducing_gap) or 1
    down = int((bottom - top) / height / reducing_gap) or 1
    return across, down


def _is_whole(box: Box, factors: Size) -> bool:
    """Return whether a box has whole pixels, also when it is reduced."""
    left, top, right, bottom = box
    across, down = factors
    return (
        all(float(side).is_integer() for side in box)
        and not (right - left) % across
        and not (bottom - top) % down
    )


def _test_picture() -> Image.Image:
    """Return a picture with every level in smooth and in rough neighbourhoods; always the same."""
    slope = Image.linear_gradient("L").resize(_TEST_SIZE)
    noise = Image.frombytes("L", slope.size, shake_128(b"noise").digest(slope.width * slope.height))
    noisy = Image.blend(slope, noise, _TEST_NOISE)
    return Image.merge("RGB", (slope, noisy, noisy.transpose(Image.Transpose.ROTATE_90)))


def _mean_levels(made: Image.Image, truth: Image.Image) -> list[int]:
    """Return the mean of `truth` for each level of `made`, for three bands.

    Black and white stay: where levels are too high, white also stands for those just below it.
    """
    sums, counts = [0] * _LEVELS, [0] * _LEVELS
    for level, right in zip(made.tobytes(), truth.tobytes(), strict=True):
        sums[level] += right
        counts[level] += 1
    pairs = enumerate(zip(sums, counts, strict=True))
    means = [round(total / count) if count else level for level, (total, count) in pairs]
    return [0, *means[1:-1], _LEVELS - 1] * 3


def _squared_error(made: Image.Image, truth: Image.Image) -> float:
    statistics = ImageStat.Stat(ImageChops.difference(made, truth))
    return sum(statistics.sum2) / sum(statistics.count)
