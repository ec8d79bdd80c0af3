"""Pictures are the same whether pic-scale or Pillow scales them, to what an eye can see."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from collage_lambda.image import scaling
from collage_lambda.image.decode import CellSpec
from collage_lambda.image.scaling import Resize, checked, resize_by_pillow, scale, simd_resize
from tests.fakes.collage.cells import cell_of, exact, psnr
from tests.fakes.collage.images import jpeg, picture

MIN_DB = 50
MIN_DB_OF_ANY_SIZE = 43
"""Processors like Graviton2 have 44 dB if only a few pixels are left, others 55."""
CELL = (100, 100)
NEEDS_PIC_SCALE = pytest.mark.skipif(
    find_spec("pic_scale") is None, reason="pic-scale has no wheel for this platform"
)
SCALERS = [pytest.param(False, id="pillow"), pytest.param(True, id="simd", marks=NEEDS_PIC_SCALE)]
both = pytest.mark.parametrize("simd", SCALERS)


@pytest.fixture
def _no_pic_scale(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "pic_scale", None)
    simd_resize.cache_clear()
    yield
    simd_resize.cache_clear()


def too_bright(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scale as pic-scale 0.7.12 does on Graviton2."""
    return resize_by_pillow(image, size).point([v + 2 * (v >= 128) for v in range(256)] * 3)


def turned(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return resize_by_pillow(image, size).transpose(Image.Transpose.ROTATE_180)


def fails(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    raise AssertionError((image, size))


@both
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    width=st.integers(1, 400),
    height=st.integers(1, 400),
    size=st.tuples(st.integers(1, 150), st.integers(1, 150)),
)
def test_any_size_becomes_any_size_as_by_one_step_of_lanczos(
    *, simd: bool, width: int, height: int, size: tuple[int, int]
) -> None:
    image = picture(700, 700).crop((11, 13, 11 + width, 13 + height))
    scaled = scale(image, size, (0, 0, *image.size), None, simd=simd)
    assert (scaled.mode, scaled.size) == ("RGB", size)
    assert psnr(scaled, resize_by_pillow(image, size)) >= MIN_DB_OF_ANY_SIZE


@both
@pytest.mark.parametrize("side", [*range(1, 12), *range(196, 204), *range(266, 274), 360, 535])
def test_every_side_that_a_cell_is_made_of_is_scaled(*, simd: bool, side: int) -> None:
    image = picture(600, 600).crop((0, 0, side, side))
    scaled = scale(image, (200, 200), (0, 0, side, side), 1.34, simd=simd)
    assert psnr(scaled, resize_by_pillow(image, (200, 200))) >= MIN_DB


@both
@pytest.mark.parametrize("value", [0, 1, 64, 127, 128, 129, 200, 254, 255])
def test_a_plain_colour_stays_what_it_is(*, simd: bool, value: int) -> None:
    image = Image.new("RGB", (268, 268), (value, 255 - value, value))
    scaled = scale(image, CELL, (0, 0, 268, 268), 1.34, simd=simd)
    wanted = (value, 255 - value, value)
    for (low, high), level in zip(scaled.getextrema(), wanted, strict=True):
        assert level - 2 <= low <= high <= level + 2  # exact but on processors like Graviton2


@both
@pytest.mark.parametrize("box", [(0, 0, 200, 200), (60, 20, 330, 290), (1, 2, 301, 302)])
def test_what_is_outside_of_the_box_does_not_matter(
    *, simd: bool, box: tuple[int, int, int, int]
) -> None:
    image = Image.new("RGB", (400, 400), "red")
    image.paste(picture(600, 600).crop(box), box[:2])
    wanted = resize_by_pillow(image.crop(box), CELL)
    assert psnr(scale(image, CELL, box, None, simd=simd), wanted) >= MIN_DB


@both
def test_a_picture_over_bytes_that_cannot_be_written_is_left_as_it_is(*, simd: bool) -> None:
    pixels = picture(200, 200).convert("RGBX").tobytes()
    image = Image.frombuffer("RGBX", (200, 200), pixels, "raw", "RGBX", 0, 1).convert("RGB")
    before = image.tobytes()
    image.readonly = 1
    scaled = scale(image, CELL, (0, 0, 200, 200), None, simd=simd)
    assert image.tobytes() == before
    assert psnr(scaled, resize_by_pillow(image, CELL)) >= MIN_DB


@both
def test_threads_that_scale_at_once_get_their_own_pictures(*, simd: bool) -> None:
    images = [picture(300 + number, 300 + number) for number in range(8)]
    alone = [scale(each, CELL, (0, 0, *each.size), 1.34, simd=simd).tobytes() for each in images]
    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            together = threads.map(
                lambda each: scale(each, CELL, (0, 0, *each.size), 1.34, simd=simd).tobytes(),
                images,
            )
            assert list(together) == alone


@NEEDS_PIC_SCALE
def test_pic_scale_starts_no_threads() -> None:
    tasks = Path("/proc/self/task")
    before = len(list(tasks.iterdir()))
    scale(picture(1000, 1000), (600, 600), (0, 0, 1000, 1000), None, simd=True)
    assert len(list(tasks.iterdir())) <= before


@both
@pytest.mark.parametrize("size", [(540, 960), (720, 1280), (1080, 1920), (576, 1025)])
def test_a_cover_is_close_to_a_full_decode(*, simd: bool, size: tuple[int, int]) -> None:
    spec = CellSpec(cell_px=200, background=(0, 0, 0), simd=simd)
    assert psnr(cell_of(jpeg(*size), spec), exact(picture(*size), 200)) >= 47


@both
def test_a_large_picture_is_box_reduced_first(*, simd: bool) -> None:
    image = picture(1000, 1400)
    scaled = scale(image, (350, 490), (0, 0, 1000, 1400), 1.4, simd=simd)
    wanted = image.resize((350, 490), Image.Resampling.LANCZOS, reducing_gap=1.4)
    assert psnr(scaled, wanted) >= MIN_DB


@pytest.mark.parametrize(
    ("image", "box", "gap"),
    [
        (picture(200, 200).convert("L"), (0, 0, 200, 200), 1.34),
        (picture(200, 200).convert("RGBA"), (0, 0, 200, 200), 1.34),
        (picture(200, 200).convert("CMYK"), (0, 0, 200, 200), 1.34),
        (picture(201, 200), (0.5, 0, 200.5, 200), 1.34),
        (picture(541, 541), (0, 0, 541, 541), 1.34),
        (picture(1025, 1024), (0, 0, 1025, 1024), None),
    ],
)
def test_what_pic_scale_does_not_scale_is_left_to_pillow(
    image: Image.Image,
    box: tuple[float, float, float, float],
    gap: float | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scaling, "simd_resize", lambda: fails)
    size = (image.width // 2, image.height // 2) if gap is None else CELL
    wanted = image.resize(size, Image.Resampling.LANCZOS, box=box, reducing_gap=gap)
    assert scale(image, size, box, gap, simd=True).tobytes() == wanted.tobytes()


def test_pic_scale_is_not_used_if_it_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "simd_resize", lambda: fails)
    assert scale(picture(200, 200), CELL, (0, 0, 200, 200), None, simd=False).size == CELL


@pytest.mark.usefixtures("_no_pic_scale")
def test_without_pic_scale_pillow_scales() -> None:
    assert simd_resize() is None
    scaled = scale(picture(200, 200), CELL, (0, 0, 200, 200), None, simd=True)
    assert scaled.tobytes() == resize_by_pillow(picture(200, 200), CELL).tobytes()


@NEEDS_PIC_SCALE
def test_pic_scale_is_used_on_this_processor() -> None:
    assert simd_resize() is not None


def test_a_scaler_that_does_as_pillow_does_is_used_as_it_is() -> None:
    assert checked(resize_by_pillow) is resize_by_pillow


def test_a_scaler_that_is_too_bright_is_corrected() -> None:
    image, corrected = picture(268, 268), checked(too_bright)
    assert corrected is not None
    wanted = resize_by_pillow(image, CELL)
    assert psnr(too_bright(image, CELL), wanted) < MIN_DB
    assert psnr(corrected(image, CELL), wanted) >= MIN_DB
    for colour in ("white", "black"):
        plain = Image.new("RGB", (268, 268), colour)
        difference = ImageChops.difference(corrected(plain, CELL), plain.resize(CELL))
        assert difference.getbbox() is None


@pytest.mark.parametrize("resize", [turned, lambda _, size: Image.new("RGB", size)])
def test_a_scaler_whose_pictures_are_wrong_is_not_used(resize: Resize) -> None:
    assert checked(resize) is None
