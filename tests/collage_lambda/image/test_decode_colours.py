"""Every pixel layout becomes sRGB on the background."""

from __future__ import annotations

import struct

import pytest
from PIL import Image, ImageCms

from collage_lambda.image.decode import CellSpec
from tests.fakes.collage.cells import NEAR, cell_of, exact, swapped_profile
from tests.fakes.collage.images import difference, encoded, picture


def test_cmyk_jpegs_are_inverted_with_or_without_adobes_marker() -> None:
    """As Pillow and browsers do: nearly every CMYK JPEG is inverted."""
    data = encoded(picture().convert("CMYK"), "JPEG", quality=95)
    at = data.index(b"\xff\xee")
    length = struct.unpack(">H", data[at + 2 : at + 4])[0]
    without = data[:at] + data[at + 2 + length :]
    assert b"Adobe" in data
    assert b"Adobe" not in without
    assert difference(cell_of(data), exact(picture())) < NEAR
    assert difference(cell_of(without), exact(picture())) < NEAR


@pytest.mark.parametrize(
    ("transform", "stored", "shown"),
    [
        (0, (255, 255, 255, 255), (255, 255, 255)),
        (0, (0, 255, 255, 255), (0, 255, 255)),
        (0, (255, 0, 0, 255), (255, 0, 0)),
        (0, (200, 100, 50, 128), (100, 50, 25)),
        (0, (255, 255, 255, 0), (0, 0, 0)),
        (None, (255, 255, 255, 255), (255, 255, 255)),
        (None, (255, 0, 0, 255), (255, 0, 0)),
        (None, (200, 100, 50, 128), (100, 50, 25)),
        (2, (0, 128, 128, 255), (255, 255, 255)),
        (2, (255, 128, 128, 255), (0, 0, 0)),
        (2, (155, 128, 128, 128), (50, 50, 50)),
        (2, (179, 171, 1, 255), (255, 0, 0)),
    ],
)
def test_cmyk_samples_are_shown_as_browsers_show_them(
    transform: int | None, stored: tuple[int, ...], shown: tuple[int, ...]
) -> None:
    """Full ink is 0: without Adobe's marker, with it, and as YCCK (transform 2).

    Worked out by hand: red is C times K; YCCK becomes CMYK by C = 255 - (Y + 1.402 (Cr - 128)), …
    Source: the table of bugzilla.mozilla.org/674619 and what Chrome and Firefox do.
    """
    inks = tuple(255 - sample for sample in stored)  # Pillow stores the inverse of what it is given
    data = encoded(Image.new("CMYK", (100, 100), inks), "JPEG", quality=100)
    at = data.index(b"\xff\xee")
    end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    marker = b"" if transform is None else data[at : end - 1] + bytes([transform])
    colour = cell_of(data[:at] + marker + data[end:]).getpixel((50, 50))
    assert max(abs(one - other) for one, other in zip(colour, shown, strict=True)) <= 3


@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF"])
def test_palettes_are_blended_in_their_colours(kind: str) -> None:
    image = picture().quantize(128)
    assert difference(cell_of(encoded(image, kind)), exact(image.convert("RGB"))) < NEAR


@pytest.mark.parametrize("mode", ["L", "1", "LA"])
def test_greys_become_rgb(mode: str) -> None:
    image = picture().convert(mode, dither=Image.Dither.NONE)
    assert difference(cell_of(encoded(image, "PNG")), exact(image.convert("RGB"))) < NEAR


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB"])
def test_the_colour_spaces_of_tiff_become_rgb(mode: str) -> None:
    image = picture().convert(mode) if mode != "LAB" else to_lab(picture())
    assert difference(cell_of(encoded(image, "TIFF")), exact(picture())) < 6


def to_lab(image: Image.Image) -> Image.Image:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    converted = ImageCms.profileToProfile(image, srgb, lab, outputMode="LAB")
    assert converted is not None
    return converted


@pytest.mark.parametrize(
    ("kind", "mode", "white"),
    [("PNG", "I;16", 65_535), ("TIFF", "I;16", 65_535), ("TIFF", "F", 1), ("TIFF", "F", 255)],
)
def test_deep_greys_are_scaled_and_not_cut_off(kind: str, mode: str, white: int) -> None:
    """Half of white must be grey; cut off at 255 it would be white."""
    image = Image.new("F", (120, 120), white)
    image.paste(white / 2, (0, 0, 60, 120))
    deep = image if mode == "F" else image.convert("I").convert(mode)
    cell = cell_of(encoded(deep, kind))
    left, right = cell.getpixel((20, 50)), cell.getpixel((80, 50))
    assert all(abs(band - 128) <= 1 for band in left)
    assert right == (255, 255, 255)


@pytest.mark.parametrize("side", [100, 300, 1_000])
@pytest.mark.parametrize(("kind", "mode"), [("PNG", "I;16"), ("TIFF", "I;16"), ("TIFF", "F")])
def test_deep_greys_of_any_size_become_cells(kind: str, mode: str, side: int) -> None:
    """Large images are box-reduced first, which Pillow cannot do with 16-bit samples."""
    grey = Image.new("F", (side, side), 32_768)
    cell = cell_of(encoded(grey if mode == "F" else grey.convert("I").convert(mode), kind))
    wanted = 255 if mode == "F" else 128
    assert all(abs(band - wanted) <= 1 for band in cell.getpixel((50, 50)))


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF", "HEIF"])
def test_transparent_pixels_show_the_background(kind: str) -> None:
    image = picture().convert("RGBA")
    image.paste((9, 9, 9, 0), (0, 0, 160, 320))
    options = {"lossless": True} if kind == "WEBP" else {}
    cell = cell_of(encoded(image, kind, **options), CellSpec(cell_px=100, background=(0, 200, 0)))
    assert difference(cell.crop((0, 0, 45, 100)), Image.new("RGB", (45, 100), (0, 200, 0))) < NEAR
    half = exact(picture()).crop((55, 0, 100, 100))
    assert difference(cell.crop((55, 0, 100, 100)), half) < NEAR


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_palette_entry_shows_the_background(kind: str) -> None:
    image = Image.new("P", (100, 100), 1)
    image.putpalette([0, 0, 0, 200, 10, 10])
    image.paste(0, (0, 0, 50, 100))
    cell = cell_of(encoded(image, kind, transparency=0))
    assert cell.getpixel((10, 50)) == (255, 255, 255)
    assert cell.getpixel((90, 50)) == (200, 10, 10)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_an_embedded_profile_is_converted_to_srgb(kind: str) -> None:
    """The profile swaps red and blue, which is seen at once."""
    profile = swapped_profile()
    data = encoded(Image.new("RGB", (100, 100), (220, 30, 30)), kind, icc_profile=profile)
    red, _, blue = cell_of(data).getpixel((50, 50))
    assert red < 100
    assert blue > 150


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize(
    "profile",
    [b"junk", ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()],
    ids=["broken", "of another colour space"],
)
def test_a_profile_that_is_broken_or_of_another_colour_space_is_ignored(
    mode: str, profile: bytes
) -> None:
    image = picture().convert(mode, dither=Image.Dither.NONE)
    data = encoded(image, "JPEG", quality=95, icc_profile=profile)
    assert difference(cell_of(data), exact(image)) < NEAR


def test_an_rgb_profile_in_a_cmyk_image_is_ignored() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = encoded(picture().convert("CMYK"), "JPEG", quality=95, icc_profile=profile)
    assert difference(cell_of(data), exact(picture())) < NEAR
