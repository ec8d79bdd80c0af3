from __future__ import annotations

import io
import math
import random
import struct
import zlib
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from collage_lambda.image import decode
from collage_lambda.image.decode import Cell, CellSpec, decode_cell
from collage_lambda.reasons import Failure, FailureReason
from tests.fakes.collage.images import difference, encoded, jpeg, picture

SPEC = CellSpec(cell_px=100, background=(255, 255, 255))
ALL_ORIENTATIONS = range(1, 9)
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


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 95, "progressive": True}),
        ("MPO", {"quality": 95, "save_all": True, "append_images": [picture(80, 80)]}),
        ("PNG", {}),
        ("WEBP", {"quality": 95}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {"quality": 95, "speed": 9}),
        ("HEIF", {"quality": 95}),
        ("HEIF", {"quality": 95, "chroma": 444}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("TIFF", {"compression": "jpeg", "quality": 95}),
    ],
)
@pytest.mark.parametrize("size", [(320, 320), (200, 331), (333, 200)])
def test_every_format_becomes_its_centred_square(
    kind: str, options: dict[str, Any], size: tuple[int, int]
) -> None:
    image = picture(*size)
    assert difference(cell_of(encoded(image, kind, **options)), exact(image)) < NEAR


def test_facts_are_those_of_the_stored_image() -> None:
    cell = decode_cell(jpeg(640, 400), SPEC)
    assert isinstance(cell, Cell)
    assert (cell.format, cell.width, cell.height) == ("JPEG", 640, 400)


@pytest.mark.parametrize(
    "size", [(540, 960), (720, 1280), (1080, 1920), (1081, 1081), (3000, 2001)]
)
def test_a_scaled_jpeg_stays_close_to_the_exact_way(size: tuple[int, int]) -> None:
    data = jpeg(*size)
    with Image.open(io.BytesIO(data)) as image:
        wanted = exact(image, 200)
    assert psnr(cell_of(data, CellSpec(cell_px=200, background=(0, 0, 0))), wanted) >= 47


@pytest.mark.parametrize(
    ("side", "scale"), [(267, 1), (268, 2), (535, 2), (536, 4), (1071, 4), (1072, 8), (9000, 8)]
)
def test_pixels_that_the_cell_cannot_show_are_not_decoded(side: int, scale: int) -> None:
    """The margin of 1.34 decides: a 100-px cell gets at least 134 decoded pixels a side."""
    assert decode._scale((side, side + 1), "JPEG", SPEC) == scale  # noqa: SLF001 - the rule itself
    assert decode._scale((side + 1, side), "PNG", SPEC) == 1  # noqa: SLF001 - the rule itself


@pytest.mark.parametrize("orientation", ALL_ORIENTATIONS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_exif_orientation_is_applied(kind: str, orientation: int) -> None:
    upright = picture(320, 240)
    undo = {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    turn = undo.get(orientation) or decode._TRANSPOSE.get(orientation)  # noqa: SLF001 - all others undo themselves
    stored = upright if turn is None else upright.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, kind, exif=exif.tobytes())
    assert difference(cell_of(data), exact(upright)) < 5


@pytest.mark.parametrize("junk", [b"Exif\x00\x00", b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b"junk"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_broken_exif_block_costs_nothing(junk: bytes) -> None:
    assert difference(cell_of(jpeg(exif=junk)), exact(picture())) < NEAR


def test_cmyk_jpegs_are_taken_as_adobe_writes_them_with_or_without_its_marker() -> None:
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
def test_what_is_transparent_shows_the_background(kind: str) -> None:
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


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_of_moving_pictures_the_first_is_shown(kind: str) -> None:
    red, blue = (Image.new("RGB", (100, 100), colour) for colour in ("#c81e1e", "#1e1ec8"))
    data = encoded(red, kind, save_all=True, append_images=[blue, red])
    assert difference(cell_of(data), Image.new("RGB", (100, 100), "#c81e1e")) < NEAR


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF", "TIFF"])
def test_an_embedded_profile_is_converted_to_srgb(kind: str) -> None:
    """The profile swaps red and blue, which is seen at once."""
    profile = swapped_profile()
    data = encoded(Image.new("RGB", (100, 100), (220, 30, 30)), kind, icc_profile=profile)
    red, _, blue = cell_of(data).getpixel((50, 50))
    assert red < 100
    assert blue > 150


def swapped_profile() -> bytes:
    """Return sRGB's profile with the tags of its red and blue primaries exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"tmp1").replace(b"bXYZ", b"rXYZ").replace(b"tmp1", b"bXYZ")


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


def test_a_small_image_is_enlarged() -> None:
    assert difference(cell_of(jpeg(50, 50)), exact(picture(50, 50))) < 8


@pytest.mark.parametrize("size", [(1, 1), (49, 49), (49, 400), (400, 49)])
def test_an_image_below_50_px_is_too_small(size: tuple[int, int]) -> None:
    assert reason_of(jpeg(*size)) is FailureReason.TOO_SMALL


def png_header(width: int, height: int, colour_type: int = 2) -> bytes:
    """Return a PNG that declares a size and holds no pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0)
    chunks = struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    data = b"IDAT" + zlib.compress(b"")
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunks
        + struct.pack(">I", len(data) - 4)
        + data
        + struct.pack(">I", zlib.crc32(data))
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (png_header(7_000, 7_143), FailureReason.TOO_MANY_PIXELS),  # just above 50 megapixels
        (png_header(20_000, 20_000), FailureReason.TOO_MANY_PIXELS),
        (png_header(2**31 - 1, 2**31 - 1), FailureReason.TOO_MANY_PIXELS),
        (png_header(7_000, 7_142, 6), FailureReason.TOO_MANY_PIXELS),  # RGBA needs it twice
        (png_header(7_000, 7_142), FailureReason.TRUNCATED),  # judged by its pixels, which lack
        (
            b"GIF89a" + struct.pack("<HHBBB", 60_000, 60_000, 0, 0, 0) + b",",
            FailureReason.TOO_MANY_PIXELS,
        ),
        (
            b"BM"
            + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 9_000, 9_000, 1, 24, 0, 0, 0, 0, 0, 0),
            FailureReason.TOO_MANY_PIXELS,
        ),
    ],
)
def test_g8_size_is_judged_before_any_pixel_is_decoded(
    data: bytes, expected: FailureReason
) -> None:
    failure = decode_cell(data, SPEC)
    assert isinstance(failure, Failure)
    allowed = {expected, FailureReason.CORRUPT} if data[:3] == b"GIF" else {expected}
    assert failure.reason in allowed


def test_a_progressive_jpeg_is_judged_by_the_coefficients_it_keeps() -> None:
    """libjpeg keeps all of them, however small the cell: 6 bytes a pixel without subsampling."""
    small = encoded(Image.new("RGB", (64, 64)), "JPEG", progressive=True, subsampling=0)
    at = small.index(b"\xff\xc2") + 5
    declared = small[:at] + struct.pack(">HH", 7_000, 7_000) + small[at + 4 :]
    assert reason_of(declared) is FailureReason.TOO_MANY_PIXELS


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "TIFF", "GIF"])
def test_a_file_that_ends_early_is_truncated(kind: str) -> None:
    data = encoded(picture(), kind)
    assert reason_of(data[: len(data) * 2 // 3]) is FailureReason.TRUNCATED


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "HEIF"])
def test_a_container_that_ends_early_is_refused(kind: str) -> None:
    data = encoded(picture(), kind)
    assert reason_of(data[: len(data) * 2 // 3]) is FailureReason.CORRUPT


def test_a_fax_is_not_decoded() -> None:
    data = encoded(picture().convert("1"), "TIFF", compression="group4")
    assert reason_of(data) is FailureReason.UNSUPPORTED_FORMAT


def test_a_polyglot_is_what_its_first_bytes_say() -> None:
    assert reason_of(b"<html>" + jpeg()) is FailureReason.NOT_AN_IMAGE
    assert difference(cell_of(jpeg() + b"<script>alert(1)</script>"), exact(picture())) < NEAR


def test_heavy_images_take_turns_and_light_ones_do_not() -> None:
    class Turn(nullcontext[None]):
        taken = 0

        def __enter__(self) -> None:
            Turn.taken += 1

    decode_cell(jpeg(600, 600), SPEC, Turn())
    assert Turn.taken == 0
    decode_cell(encoded(Image.new("RGB", (3_000, 3_000)), "PNG"), SPEC, Turn())
    assert Turn.taken == 1


SEEDS = [
    jpeg(90, 70, exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00"),
    jpeg(90, 70, progressive=True),
    encoded(picture(90, 70).convert("CMYK"), "JPEG"),
    encoded(picture(90, 70), "MPO", save_all=True, append_images=[picture(70, 70)]),
    encoded(picture(90, 70), "PNG", icc_profile=swapped_profile()),
    encoded(picture(90, 70).quantize(20), "PNG", transparency=3),
    encoded(picture(90, 70).convert("RGBA"), "PNG"),
    encoded(picture(90, 70), "WEBP", exif=b"Exif\x00\x00II*\x00\x08\x00\x00\x00"),
    encoded(picture(90, 70), "WEBP", save_all=True, append_images=[picture(90, 70).rotate(90)]),
    encoded(picture(90, 70), "AVIF", speed=9),
    encoded(picture(90, 70).quantize(20), "GIF", save_all=True, append_images=[picture(90, 70)]),
    encoded(picture(90, 70).quantize(20), "BMP"),
    encoded(picture(90, 70), "TIFF", compression="tiff_lzw"),
    encoded(picture(90, 70).convert("F"), "TIFF"),
]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.filterwarnings("error::PIL.Image.DecompressionBombWarning")
@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
@settings(max_examples=400, deadline=None)
def test_mutated_images_become_cells_or_reasons(seed: bytes, chance: int) -> None:
    assert isinstance(decode_cell(mutated(seed, random.Random(chance)), SPEC), Cell | Failure)  # noqa: S311 - not a secret


def mutated(seed: bytes, chance: random.Random) -> bytes:
    data = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(chance.choice((min(len(data), 200), len(data))))
        choice = chance.randrange(4)
        if choice == 0:
            data[at] = chance.choice((0, 127, 128, 255))
        elif choice == 1:
            data[at] ^= 1 << chance.randrange(8)
        elif choice == 2:
            data[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif len(data) > 60:
            del data[at : at + chance.randrange(1, 20)]
    return bytes(data)
