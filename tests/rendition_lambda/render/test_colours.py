"""Colours of every kind become sRGB."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image, ImageCms

from ops_dashboard.local.samples.photos.chart import COLOURS
from ops_dashboard.local.samples.photos.colours import (
    ADOBE,
    ADOBE_GAMMA,
    P3,
    adobe_rgb_profile,
    farthest,
    p3_profile,
)
from ops_dashboard.local.samples.photos.encoders import heic
from rendition_lambda.recipe import AUGMENTATION
from tests.fakes.collage.images import encoded
from tests.fakes.photos.patches import SIDE_PX, of_primaries, output, patches, render, shown

GREYS = tuple((level,) * 3 for level in (0, 30, 60, 90, 120, 150, 180, 210, 255))
BEST = {"quality": 100, "subsampling": 0}
DISPLAY_P3 = p3_profile()


def in_p3(kind: str, **options: object) -> bytes:
    image = patches(of_primaries(COLOURS, P3))
    return encoded(image, kind, icc_profile=DISPLAY_P3, **options)


def in_adobe_rgb(kind: str, **options: object) -> bytes:
    image = patches(of_primaries(COLOURS, ADOBE, ADOBE_GAMMA))
    return encoded(image, kind, icc_profile=adobe_rgb_profile(), **options)


def grey(kind: str, **options: object) -> bytes:
    return encoded(patches(GREYS).convert("L"), kind, **options)


def wide(kind: str, colours: tuple[tuple[int, ...], ...] = COLOURS) -> bytes:
    """Return patches of 16 bits, by libvips: Pillow has no such colours."""
    samples = np.asarray(patches(colours)).astype(np.uint16) * 257
    height, width, bands = samples.shape
    image = pyvips.Image.new_from_memory(samples.tobytes(), width, height, bands, "ushort")
    image = image.copy(interpretation="rgb16")
    return bytes(image.tiffsave_buffer() if kind == "TIFF" else image.pngsave_buffer(bitdepth=16))


def wide_grey() -> bytes:
    levels = np.asarray(patches(GREYS).convert("L")).astype(np.uint16) * 257
    return encoded(Image.fromarray(levels), "PNG")


def translucent(kind: str, **options: object) -> bytes:
    """Return black of which half shines through, and what is transparent altogether."""
    image = patches(((0, 0, 0, 128), (255, 0, 0, 0), (50, 70, 180, 255)), "RGBA")
    return encoded(image, kind, **options)


def cicp_png() -> bytes:
    data = encoded(patches(of_primaries(COLOURS, P3)), "PNG")
    chunk = b"cICP" + bytes([12, 13, 0, 1])
    return data[:33] + b"\0\0\0\x04" + chunk + zlib.crc32(chunk).to_bytes(4, "big") + data[33:]


ON_WHITE = ((127, 127, 127), (255, 255, 255), (50, 70, 180))
Make = Callable[[], bytes]
FILES: dict[str, tuple[str, Make, tuple[tuple[int, ...], ...]]] = {
    "untagged JPEG": (".jpg", lambda: encoded(patches(), "JPEG", **BEST), COLOURS),
    "untagged PNG": (".png", lambda: encoded(patches(), "PNG"), COLOURS),
    "untagged WebP": (".webp", lambda: encoded(patches(), "WEBP", lossless=True), COLOURS),
    "untagged TIFF": (".tif", lambda: encoded(patches(), "TIFF"), COLOURS),
    "untagged AVIF": (
        ".avif",
        lambda: encoded(patches(), "AVIF", quality=100, subsampling="4:4:4", speed=8),
        COLOURS,
    ),
    "untagged BMP": (".bmp", lambda: encoded(patches(), "BMP"), COLOURS),
    "untagged HEIC": (".heic", lambda: heic(patches()), COLOURS),
    "GIF": (".gif", lambda: encoded(patches().quantize(16), "GIF"), COLOURS),
    "palette PNG": (".png", lambda: encoded(patches().quantize(16), "PNG"), COLOURS),
    "P3 JPEG": (".jpg", lambda: in_p3("JPEG", **BEST), COLOURS),
    "P3 PNG": (".png", lambda: in_p3("PNG"), COLOURS),
    "P3 WebP": (".webp", lambda: in_p3("WEBP", lossless=True), COLOURS),
    "P3 TIFF": (".tif", lambda: in_p3("TIFF"), COLOURS),
    "P3 AVIF": (
        ".avif",
        lambda: in_p3("AVIF", quality=100, subsampling="4:4:4", speed=8),
        COLOURS,
    ),
    "P3 HEIC": (
        ".heic",
        lambda: heic(patches(of_primaries(COLOURS, P3)), icc_profile=DISPLAY_P3),
        COLOURS,
    ),
    "P3 PNG by numbers": (".png", cicp_png, COLOURS),
    "Adobe RGB JPEG": (".jpg", lambda: in_adobe_rgb("JPEG", **BEST), COLOURS),
    "Adobe RGB TIFF": (".tif", lambda: in_adobe_rgb("TIFF"), COLOURS),
    "grey JPEG": (".jpg", lambda: grey("JPEG", quality=100), GREYS),
    "grey PNG": (".png", lambda: grey("PNG"), GREYS),
    "grey TIFF": (".tif", lambda: grey("TIFF"), GREYS),
    "P3 HEIC of tiles": (
        ".heic",
        lambda: heic(
            patches(of_primaries(COLOURS, P3)), icc_profile=DISPLAY_P3, tile_size=2 * SIDE_PX
        ),
        COLOURS,
    ),
    "grey HEIC": (".heic", lambda: heic(patches(GREYS).convert("L")), GREYS),
    "black and white TIFF": (
        ".tif",
        lambda: encoded(patches(GREYS[::8]).convert("1"), "TIFF", compression="group4"),
        GREYS[::8],
    ),
    "16-bit PNG": (".png", partial(wide, "PNG"), COLOURS),
    "16-bit TIFF": (".tif", partial(wide, "TIFF"), COLOURS),
    "16-bit grey PNG": (".png", wide_grey, GREYS),
    "translucent PNG": (".png", lambda: translucent("PNG"), ON_WHITE),
    "translucent WebP": (".webp", lambda: translucent("WEBP", lossless=True), ON_WHITE),
    "translucent TIFF": (".tif", lambda: translucent("TIFF"), ON_WHITE),
    "translucent HEIC": (
        ".heic",
        lambda: heic(patches(((0, 0, 0, 128), (255, 0, 0, 0), (50, 70, 180, 255)), "RGBA")),
        ON_WHITE,
    ),
    "broken profile": (
        ".jpg",
        lambda: encoded(patches(), "JPEG", icc_profile=bytes(300), **BEST),
        COLOURS,
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_colours_become_srgb(name: str, tmp_path: Path) -> None:
    suffix, make, expected = FILES[name]
    rendered = render(make(), tmp_path, suffix)
    for each in ("large", "thumbnail"):
        image = output(rendered, each)
        assert image.mode == "RGB"
        side = rendered.height * image.width // rendered.width
        squares = image.resize((side * len(expected), side)) if image.height != side else image
        limit = 3 if name == "P3 AVIF" else 2  # its encoder is 2 of 255 away
        assert farthest(shown(squares), np.array(expected, dtype=float)) <= limit


def cmyk(*, tagged: bool) -> bytes:
    """Return patches as inks, by libvips's own profile or mixed as Pillow does."""
    if not tagged:
        return encoded(patches().convert("CMYK"), "JPEG", quality=100)
    pixels = np.asarray(patches())
    height, width, bands = pixels.shape
    image = pyvips.Image.new_from_memory(pixels.tobytes(), width, height, bands, "uchar")
    inks = image.copy(interpretation="srgb").icc_transform("cmyk", input_profile="srgb")
    return bytes(inks.jpegsave_buffer(Q=100, subsample_mode="off"))


def test_inks_become_srgb_by_their_profile(tmp_path: Path) -> None:
    """As Pillow converts them with black point compensation."""
    data = cmyk(tagged=True)
    with Image.open(io.BytesIO(data)) as inks:
        assert inks.mode == "CMYK"
        profile = io.BytesIO(inks.info["icc_profile"])
        expected = ImageCms.profileToProfile(
            inks,
            ImageCms.ImageCmsProfile(profile),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    assert expected is not None
    assert farthest(shown(output(render(data, tmp_path), "large")), shown(expected)) <= 2
    assert farthest(shown(expected), np.array(COLOURS, dtype=float)) > 2, "a profile that does"


def test_inks_without_a_profile_are_mixed(tmp_path: Path) -> None:
    found = shown(output(render(cmyk(tagged=False), tmp_path), "large"))
    assert farthest(found, np.array(COLOURS, dtype=float)) <= 2


def test_p3_without_its_profile_would_look_dull() -> None:
    """So that the tests above mean something."""
    dull = np.array(of_primaries(COLOURS, P3), dtype=float)
    assert farthest(dull, np.array(COLOURS, dtype=float)) > 3


def test_padding_is_white_whatever_the_image_is(tmp_path: Path) -> None:
    image = output(render(grey("PNG"), tmp_path, ".png", AUGMENTATION), "256x256")
    assert image.getpixel((5, 5)) == (255, 255, 255)
    assert image.getpixel((250, 250)) == (255, 255, 255)
