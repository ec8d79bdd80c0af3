from __future__ import annotations

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from imaging.png import picture_chunks


def chunk(name: bytes, content: bytes, checksum: int | None = None) -> bytes:
    crc = zlib.crc32(name + content) if checksum is None else checksum
    return len(content).to_bytes(4, "big") + name + content + crc.to_bytes(4, "big")


def png(*extra: bytes) -> bytes:
    """Return a small PNG with chunks after its header."""
    buffer = io.BytesIO()
    Image.new("RGB", (60, 60), "red").save(buffer, "PNG")
    plain = buffer.getvalue()
    return plain[:33] + b"".join(extra) + plain[33:]


def test_a_usual_file_is_not_copied() -> None:
    data = png(chunk(b"gAMA", b"\0\0\xb1\x8f"))
    assert picture_chunks(data) is data


@pytest.mark.parametrize(
    "unwanted",
    [
        chunk(b"tEXt", b"parameters\0a cat"),
        chunk(b"iTXt", b"x" * 3_000_000),
        chunk(b"zTXt", b"x", checksum=1),
        chunk(b"iCCP", b"x" * (2 << 20)),
        chunk(b"iCCP", b"name\0\0broken", checksum=7),
        chunk(b"gAMA", b"\0\0\0\0", checksum=7),
    ],
)
def test_what_is_no_part_of_the_picture_is_left_out(unwanted: bytes) -> None:
    wanted = chunk(b"pHYs", b"\0\0\0\1\0\0\0\1\0")
    assert picture_chunks(png(unwanted, wanted, unwanted)) == png(wanted)


def test_a_critical_chunk_stays_even_if_it_is_broken() -> None:
    data = png(chunk(b"PLTE", b"abc", checksum=1))
    assert picture_chunks(data) is data


def test_a_file_that_is_cut_within_a_chunk_stays_as_it_is_from_there() -> None:
    text = chunk(b"tEXt", b"x" * 100)
    assert picture_chunks(png(text)[:60]) == png(text)[:60]


@given(st.binary(max_size=200))
def test_any_bytes_are_taken(data: bytes) -> None:
    assert len(picture_chunks(b"\x89PNG\r\n\x1a\n" + data)) <= len(data) + 8


def test_a_profile_of_the_right_size_stays() -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("note", "x")
    buffer = io.BytesIO()
    image = Image.new("RGB", (60, 60))
    image.save(buffer, "PNG", pnginfo=info, icc_profile=b"p" * 500)
    assert b"iCCP" in picture_chunks(buffer.getvalue())
    assert b"tEXt" not in picture_chunks(buffer.getvalue())
