"""Every format becomes its centred square, upright."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from collage_lambda.image import decode
from collage_lambda.image.decode import Cell, CellSpec, decode_cell
from tests.fakes.collage.cells import NEAR, SPEC, cell_of, exact, psnr
from tests.fakes.collage.images import difference, encoded, jpeg, picture

ALL_ORIENTATIONS = range(1, 9)


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
def test_a_scaled_jpeg_stays_close_to_a_full_decode(size: tuple[int, int]) -> None:
    data = jpeg(*size)
    with Image.open(io.BytesIO(data)) as image:
        wanted = exact(image, 200)
    assert psnr(cell_of(data, CellSpec(cell_px=200, background=(0, 0, 0))), wanted) >= 47


@pytest.mark.parametrize(
    ("side", "scale"), [(267, 1), (268, 2), (535, 2), (536, 4), (1071, 4), (1072, 8), (9000, 8)]
)
def test_pixels_that_the_cell_does_not_show_are_not_decoded(side: int, scale: int) -> None:
    """The margin of 1.34 decides: a 100-px cell gets at least 134 decoded pixels a side."""
    assert decode._scale((side, side + 1), "JPEG", SPEC) == scale  # noqa: SLF001 - the rule itself
    assert decode._scale((side + 1, side), "PNG", SPEC) == 1  # noqa: SLF001 - the rule itself


@pytest.mark.parametrize("orientation", ALL_ORIENTATIONS)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "AVIF", "HEIF"])
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


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_the_first_frame_of_an_animation_is_shown(kind: str) -> None:
    red, blue = (Image.new("RGB", (100, 100), colour) for colour in ("#c81e1e", "#1e1ec8"))
    data = encoded(red, kind, save_all=True, append_images=[blue, red])
    assert difference(cell_of(data), Image.new("RGB", (100, 100), "#c81e1e")) < NEAR


def test_a_small_image_is_enlarged() -> None:
    assert difference(cell_of(jpeg(50, 50)), exact(picture(50, 50))) < 8
