"""Hostile and odd files by name: bombs, false headers, broken and unusual files."""

from __future__ import annotations

import itertools
import struct
import threading
import zlib
from collections.abc import Iterable, Iterator
from functools import cache

from PIL import Image

from tests.fakes.collage.images import encoded, jpeg, picture
from tests.fakes.collage.network import answer

_HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
_PNG = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, body: bytes) -> bytes:
    """Return a PNG chunk."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, *chunks: bytes, colour: int = 2, depth: int = 8) -> bytes:
    """Return a PNG of a declared size that holds the given chunks."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return _PNG + chunk(b"IHDR", header) + b"".join(chunks) + chunk(b"IEND", b"")


def zeros(count: int) -> bytes:
    """Return the zlib stream of many zeros, made without holding them."""
    packer = zlib.compressobj(1)
    block = bytes(1 << 20)
    parts = [packer.compress(block) for _ in range(count >> 20)]
    return b"".join([*parts, packer.compress(bytes(count % (1 << 20))), packer.flush()])


def black_png(width: int, height: int) -> bytes:
    """Return a whole RGB PNG of a size: 3 bytes a pixel, a thousandth of them in the file."""
    return png(width, height, chunk(b"IDAT", zeros((width * 3 + 1) * height)))


def tiff(width: int, height: int, data: bytes) -> bytes:
    """Return a TIFF with one strip of deflated RGB."""
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, 8),
        (259, 3, 1, 8),
        (262, 3, 1, 2),
        (273, 4, 1, 126),
        (277, 3, 1, 3),
        (278, 4, 1, height),
        (279, 4, 1, len(data)),
    ]
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return (b"II*\0" + struct.pack("<I", 8) + directory).ljust(126, b"\0") + data


def gif(width: int, height: int, data: bytes) -> bytes:
    """Return a GIF whose screen and first frame have a declared size."""
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    return b"GIF89a" + screen + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + data + b";"


def resized(data: bytes, old: bytes, new: bytes) -> bytes:
    """Return a file in which a declared size is replaced."""
    if data.count(old) < 1:
        msg = f"{old!r} is not in the file"
        raise ValueError(msg)
    return data.replace(old, new)


def _avif(width: int, height: int) -> bytes:
    small = encoded(picture(90, 70), "AVIF", speed=10)
    return resized(small, struct.pack(">II", 90, 70), struct.pack(">II", width, height))


def _webp_canvas(width: int, height: int) -> bytes:
    frames = {"save_all": True, "append_images": [picture(90, 70).rotate(90)]}
    small = encoded(picture(90, 70), "WEBP", **frames)
    at = small.index(b"VP8X") + 12
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return small[:at] + canvas + small[at + 6 :]


def _webp_lossless(width: int, height: int) -> bytes:
    small = encoded(picture(90, 70), "WEBP", lossless=True)
    at = small.index(b"VP8L") + 9
    return small[:at] + struct.pack("<I", (width - 1) | (height - 1) << 14) + small[at + 4 :]


def _broken_profile() -> bytes:
    return jpeg(icc_profile=b"\xff" * 128 + b"acsp" + b"\xff" * 4_000)


@cache
def bodies() -> dict[str, bytes]:
    """Return the hostile files; some are odd but whole, and become cells."""
    frames = [picture(60, 60).rotate(turn) for turn in range(0, 360, 4)]
    text = chunk(b"zTXt", b"Comment\0\0" + zeros(100 << 20))
    pixels = chunk(b"IDAT", zeros(61 * 3 * 60))
    small = jpeg(120, 90)
    return {
        "png 20000x20000": png(20_000, 20_000, chunk(b"IDAT", zeros(50 << 20))),
        "png of 50 megapixels": black_png(7_000, 7_142),
        "png that inflates beyond its size": png(400, 400, chunk(b"IDAT", zeros(100 << 20))),
        "png with a text of 100 MB": png(60, 60, text, pixels),
        "png with a profile of 100 MB": png(
            60, 60, chunk(b"iCCP", b"icc\0\0" + zeros(100 << 20)), pixels
        ),
        "png with 50,000 chunks": png(60, 60, *[chunk(b"tEXt", b"a\0b")] * 50_000, pixels),
        "png of 2^31 pixels a side": png(2**31 - 1, 2**31 - 1, pixels),
        "apng of a million frames": png(
            60, 60, chunk(b"acTL", struct.pack(">II", 10**6, 0)), pixels
        ),
        "gif 65535x65535": gif(65_535, 65_535, b"\x08\x01\0\0"),
        "gif of 49 megapixels": gif(7_000, 7_000, b"\x08\x04\x00\x00\x01\x04\0\0"),
        "gif of 90 frames": encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]),
        "tiff 60000x60000": tiff(60_000, 60_000, zeros(1 << 20)),
        "tiff of 24 megapixels in one strip": tiff(4_900, 4_900, zeros(4_900 * 4_900 * 3)),
        "tiff that points to itself": b"II*\0\x08\0\0\0" + bytes(2) + b"\x08\0\0\0",
        "webp 16384x16384": _webp_canvas(16_384, 16_384),
        "webp lossless 16383x16383": _webp_lossless(16_383, 16_383),
        "avif 65535x65535": _avif(65_535, 65_535),
        "avif of 2^32-1 a side": _avif(2**32 - 1, 2**32 - 1),
        "bmp 30000x30000": b"BM"
        + struct.pack("<IIIIiiHHII", 54, 0, 54, 40, 30_000, 30_000, 1, 24, 0, 0)
        + bytes(16),
        "1x1": jpeg(1, 1),
        "49x49": jpeg(49, 49),
        "jpeg 65500x65500": resized(
            small, struct.pack(">HH", 90, 120), struct.pack(">HH", 65_500, 65_500)
        ),
        "truncated jpeg": small[: len(small) // 2],
        "truncated avif": encoded(picture(90, 70), "AVIF", speed=10)[:200],
        "zero bytes": b"",
        "html": b"<!doctype html><html><body>Access denied</body></html>",
        "svg": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'>"
        b"<image href='http://169.254.169.254/'/></svg>",
        "zip": b"PK\x03\x04" + bytes(400),
        "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n(x) run\n",
        "html, then a jpeg": b"<html>" + small,
        "jpeg, then html": small + b"<script>alert(1)</script>",
        "broken profile": _broken_profile(),
        "broken exif": jpeg(exif=b"Exif\0\0II*\0\xff\xff\xff\xff"),
        "16-bit": encoded(Image.new("I;16", (80, 80), 40_000), "PNG"),
    }


def _trickle() -> Iterator[bytes]:
    yield _HEAD + b"Content-Type: image/jpeg\r\n\r\n"
    never = threading.Event()
    while not never.wait(0.05):
        yield b"\xff"


def answers() -> dict[str, Iterable[bytes]]:
    """Return what a hostile server sends, by path: the files, and bodies without an end."""
    kinds = itertools.cycle(["image/jpeg", "text/html", "image/svg+xml", "application/json"])
    whole = {
        f"/{number}": [answer(data, f"Content-Type: {next(kinds)}")]
        for number, data in enumerate(bodies().values())
    }
    good = jpeg(200, 200)
    return {
        **whole,
        "/endless": itertools.chain([_HEAD + b"\r\n"], itertools.repeat(b"\xff\xd8" * 32_768)),
        "/trickle": _trickle(),
        "/short": [_HEAD + b"Content-Length: 999999\r\n\r\n", good],
        "/huge": [_HEAD + b"Content-Length: 99999999999\r\n\r\n", good],
        "/bomb": [
            answer(b"\x1f\x8b\x08" + bytes(7) + zeros(100 << 20)[2:], "Content-Encoding: gzip")
        ],
        "/silent": [],
    }
