"""Valid images of every supported format, and ways to ruin them.

Run by ``python -m tests.fakes.collage.mutations FORMAT FIRST COUNT``: decodes that many mutations
in a process of its own. It stands for the Lambda's process: warnings as there, and an example that
takes longer than `WATCHDOG_S` ends the process with a traceback of every thread.
"""

from __future__ import annotations

import faulthandler
import random
import sys
import threading

from collage_lambda.image.decode import Cell, CellSpec
from collage_lambda.image.decoder import Decoder
from collage_lambda.image.heif_process import HeifProcess
from collage_lambda.image.process_setup import filter_pillow_warnings
from collage_lambda.reasons import Failure
from tests.fakes.collage.images import encoded, jpeg, picture

WATCHDOG_S = 10
SPEC = CellSpec(cell_px=40, background=(255, 255, 255))
_EXIF = b"Exif\0\0II*\0\x08\0\0\0" + b"\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0" + bytes(4)
"""One tag: orientation 6."""


def seeds(kind: str) -> list[bytes]:
    """Return valid images of a format, different in how they are stored."""
    small, other = picture(90, 70), picture(90, 70).rotate(90)
    several = {"save_all": True, "append_images": [other]}
    flat = small.quantize(20)
    return {
        "JPEG": lambda: [
            jpeg(90, 70, exif=_EXIF),
            jpeg(90, 70, progressive=True),
            encoded(small.convert("CMYK"), "JPEG"),
            encoded(small.convert("L"), "JPEG"),
            encoded(small, "MPO", **several),
        ],
        "PNG": lambda: [
            encoded(small, "PNG", exif=_EXIF, icc_profile=bytes(200)),
            encoded(flat, "PNG", transparency=3),
            encoded(small.convert("RGBA"), "PNG"),
            encoded(small.convert("I;16"), "PNG"),
            encoded(small, "PNG", **several),
        ],
        "WEBP": lambda: [
            encoded(small, "WEBP", exif=_EXIF),
            encoded(small.convert("RGBA"), "WEBP", lossless=True),
            encoded(small, "WEBP", **several),
        ],
        "AVIF": lambda: [
            encoded(small, "AVIF", speed=10, exif=_EXIF),
            encoded(small.convert("RGBA"), "AVIF", speed=10),
            encoded(small, "AVIF", speed=10, **several),
        ],
        "GIF": lambda: [encoded(flat, "GIF", transparency=2), encoded(flat, "GIF", **several)],
        "BMP": lambda: [encoded(image, "BMP") for image in (small, flat, small.convert("1"))],
        "TIFF": lambda: [
            encoded(small, "TIFF", compression="tiff_lzw"),
            encoded(small, "TIFF", compression="tiff_adobe_deflate", exif=_EXIF[6:]),
            encoded(small, "TIFF", compression="jpeg"),
            encoded(small.convert("F"), "TIFF"),
            encoded(small.convert("CMYK"), "TIFF", compression="packbits"),
            encoded(flat, "TIFF", **several),
        ],
        "HEIF": lambda: [
            encoded(small, "HEIF", quality=60, exif=_EXIF),
            encoded(small.convert("RGBA"), "HEIF", quality=60),
            encoded(small.convert("L"), "HEIF", quality=60),
            encoded(small, "HEIF", quality=60, tile_size=64),
        ],
    }[kind]()


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """Return a file with one to many changes, most of them near its beginning."""
    data = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 5, 20))):
        at = chance.randrange(chance.choice((min(len(data), 200), len(data))))
        choice = chance.randrange(6)
        if choice == 0:
            data[at] = chance.choice((0, 127, 128, 255))
        elif choice == 1:
            data[at] ^= 1 << chance.randrange(8)
        elif choice == 2:
            data[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif choice == 3:
            data[at : at + 4] = chance.choice((b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff"))
        elif len(data) > 60:
            end = at + chance.randrange(1, 20)
            data[at:end] = data[: end - at] if choice == 4 else b""
    if chance.randrange(10) == 0:
        del data[chance.randrange(1, len(data)) :]
    return bytes(data)


def run(kind: str, first: int, count: int) -> None:
    """Decode mutations `first` to `first + count` of a format; the exit code is the result."""
    filter_pillow_warnings()  # what the Lambda's process does first
    originals = seeds(kind)
    heif = HeifProcess()
    decoder = Decoder(threading.Lock(), heif)
    cells = 0
    for number in range(first, first + count):
        chance = random.Random(f"{kind} {number}")  # noqa: S311 - not a secret
        data = mutated(chance.choice(originals), chance)
        faulthandler.dump_traceback_later(WATCHDOG_S, exit=True)
        try:
            outcome = decoder.decode(data, SPEC)
        except BaseException:
            sys.stderr.write(f"mutation {number} of {kind}\n")
            raise
        if not isinstance(outcome, Cell | Failure):
            raise TypeError(number)
        cells += isinstance(outcome, Cell)
    heif.close()
    faulthandler.cancel_dump_traceback_later()
    sys.stdout.write(f"{cells} {count - cells}\n")


if __name__ == "__main__":
    faulthandler.enable()
    run(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
