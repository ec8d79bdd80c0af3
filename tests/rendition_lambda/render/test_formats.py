from __future__ import annotations

import pytest

from rendition_lambda.reasons import PhotoError
from rendition_lambda.recipe import FORMATS
from rendition_lambda.render.formats import RAW_FORMATS, family, photo_format

TIFF, BIG_ENDIAN = b"II*\0\x10\0\0\0", b"MM\0*\0\0\0\x08"
DNG = b"II*\0\x08\0\0\0" + b"\x02\0" + b"\0\1\4\0\1\0\0\0\0\0\0\0" + b"\x12\xc6\1\0\4\0\0\0\1\4\0\0"
FOUND = {
    ("JPEG", ".jpg"): b"\xff\xd8\xff\xe0",
    ("JPEG", ".cr2"): b"\xff\xd8\xff\xe0",
    ("PNG", ".jpg"): b"\x89PNG\r\n\x1a\n",
    ("HEIF", ".heic"): b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    ("HEIF", ".jpg"): b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic",
    ("AVIF", ".avif"): b"\0\0\0\x1cftypavif\0\0\0\0mif1avif",
    ("CR3", ".cr3"): b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
    ("CR3", ""): b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
    ("CR2", ".cr2"): TIFF + b"CR\2\0",
    ("CR2", ".tif"): TIFF + b"CR\2\0",
    ("NEF", ".nef"): BIG_ENDIAN,
    ("NEF", ".nrw"): TIFF,
    ("ARW", ".arw"): TIFF,
    ("PEF", ".pef"): BIG_ENDIAN,
    ("SRW", ".srw"): TIFF,
    ("DNG", ".dng"): TIFF,
    ("DNG", ".tif"): DNG,
    ("DNG", ""): DNG,
    ("RAF", ".raf"): b"FUJIFILMCCD-RAW 0201",
    ("ORF", ".orf"): b"IIRO\x08\0\0\0",
    ("ORF", ""): b"MMOR\0\0\0\x08",
    ("RW2", ".rw2"): b"IIU\0\x18\0\0\0",
    ("TIFF", ".tif"): TIFF,
    ("TIFF", ""): BIG_ENDIAN,
}
REFUSED = {
    (b"", ".jpg"): "not_an_image: no bytes",
    (b"<html>", ".jpg"): "not_an_image: HTML",
    (b"FOVb\0\0\2\0", ".x3f"): "unsupported_raw: X3F",
    (TIFF, ".iiq"): "unsupported_raw: IIQ",
    (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", ".heic"): "unsupported_format: ISO media b'qt  '",
    (b"8BPS\0\1", ".psd"): "unsupported_format: PSD",
    (b"%PDF-1.7", ".jpg"): "not_an_image: begins 255044462d312e37",
}


@pytest.mark.parametrize(("kind", "suffix"), FOUND)
def test_a_format_is_known_by_first_bytes_and_for_raw_by_its_suffix(kind: str, suffix: str) -> None:
    assert photo_format(FOUND[kind, suffix].ljust(64, b"\0"), suffix) == kind
    assert family(kind) in FORMATS
    assert (family(kind) == "RAW") == (kind in RAW_FORMATS)


@pytest.mark.parametrize(("head", "suffix"), REFUSED)
def test_other_files_are_refused(head: bytes, suffix: str) -> None:
    with pytest.raises(PhotoError) as caught:
        photo_format(head, suffix)
    assert str(caught.value) == REFUSED[head, suffix]


@pytest.mark.parametrize("length", range(40))
def test_a_tiff_that_ends_anywhere_is_a_tiff_or_nothing(length: int) -> None:
    if length < 4:
        with pytest.raises(PhotoError):
            photo_format(DNG[:length], ".tif")
    else:
        assert photo_format(DNG[:length], ".tif") in {"TIFF", "DNG"}
