from __future__ import annotations

import io
import math
import struct
from functools import cache

import pytest
from PIL import Image, JpegImagePlugin

from collage_lambda.image import jpeg
from collage_lambda.image.decode import CellSpec, decode_cell
from collage_lambda.reasons import Failure, FailureReason
from tests.fakes.collage.images import encoded, picture

CELL_PX = 100
SPEC = CellSpec(cell_px=CELL_PX, background=(255, 255, 255))
EVERY_SIZE = [(90, 400), (133, 237), (267, 331), (269, 478), (360, 640), (541, 962), (1080, 1920)]


def opened(data: bytes) -> JpegImagePlugin.JpegImageFile:
    image = Image.open(io.BytesIO(data))
    assert isinstance(image, JpegImagePlugin.JpegImageFile)
    return image


@cache
def tall_jpeg(size: tuple[int, int], options: tuple[tuple[str, int | bool], ...]) -> bytes:
    return encoded(picture(*size), "JPEG", quality=90, **dict(options))


@pytest.mark.parametrize("divisor", [1, 2, 4, 8])
@pytest.mark.parametrize(
    "options",
    [
        {"subsampling": 0},
        {"subsampling": 1},
        {"subsampling": 2},
        {"subsampling": 2, "progressive": True},
        {"subsampling": 2, "restart_marker_blocks": 7},
        {"subsampling": 0, "progressive": True, "restart_marker_rows": 1},
    ],
)
@pytest.mark.parametrize("size", EVERY_SIZE)
def test_the_rows_that_a_cell_shows_are_the_same_to_the_last_bit(
    size: tuple[int, int], options: dict[str, int | bool], divisor: int
) -> None:
    data = tall_jpeg(size, tuple(options.items()))
    whole, less = opened(data), opened(data)
    whole_size = jpeg.load(whole, data + b"\0", divisor, CELL_PX)  # with a tail it is left as it is
    assert jpeg.load(less, data, divisor, CELL_PX) == whole_size
    width, height = size
    bottom = (height + width) / 2 + 3 * width / CELL_PX  # as far as LANCZOS looks
    rows = math.ceil(min(bottom, height) / divisor)
    assert less.height < whole.height
    above = (0, 0, whole.width, rows)
    assert less.crop(above).tobytes() == whole.crop(above).tobytes()


def test_a_cover_of_720_px_is_decoded_at_its_half_for_a_cell_of_200() -> None:
    image = opened(data := encoded(picture(720, 1280), "JPEG"))
    assert jpeg.load(image, data, 2, 200) == (360, 640)
    assert image.size == (360, 512)


@pytest.mark.parametrize("size", [(640, 360), (320, 320), (320, 330)])
def test_a_picture_with_few_rows_below_its_square_is_decoded_whole(
    size: tuple[int, int],
) -> None:
    image = opened(data := encoded(picture(*size), "JPEG"))
    assert jpeg.load(image, data, 1, CELL_PX) == size
    assert image.size == size


def test_only_a_complete_file_with_a_frame_of_that_size_is_shortened() -> None:
    data = encoded(picture(200, 600), "JPEG")
    less = jpeg.ending_after(data, (200, 600), 416)
    assert less is not None
    assert opened(less).size == (200, 416)
    assert len(less) == len(data)
    assert jpeg.ending_after(data, (200, 601), 416) is None
    assert jpeg.ending_after(data[:-1], (200, 600), 416) is None
    assert jpeg.ending_after(data + b"\0", (200, 600), 416) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xd8\xff\xd9",
        b"\xff\xd8" + b"\xff\xe0" + b"\xff\xff" + b"\xff\xd9",
        b"\xff\xd8" + b"\xff\xe0\x00\x00" * 9 + b"\xff\xd9",
        b"\xff\xd8" + b"\xff\xc0\x00\x11\x08\xff\xd9",
        b"\xff\xd8" + b"\xff\xda\x00\x02" + b"\xff\xc0\x00\x11\x08\x02\x58\x00\xc8\xff\xd9",
    ],
)
def test_broken_markers_are_left_to_libjpeg(data: bytes) -> None:
    assert jpeg.ending_after(data, (200, 600), 416) is None


def test_the_pictures_of_an_mpo_are_read_whole() -> None:
    others = [picture(80, 80)]
    data = encoded(picture(200, 600), "MPO", save_all=True, append_images=others)
    image = opened(data)
    assert image.format == "MPO"
    assert jpeg.load(image, data, 2, CELL_PX) == (100, 300)
    assert image.size == (100, 300)


def test_a_second_frame_header_is_refused() -> None:
    data = encoded(picture(200, 600), "JPEG")
    at = data.index(b"\xff\xc0")
    (length,) = struct.unpack(">H", data[at + 2 : at + 4])
    twice = data[: at + 2 + length] + data[at:]
    failure = decode_cell(twice, SPEC)
    assert isinstance(failure, Failure)
    assert failure.reason is FailureReason.CORRUPT
