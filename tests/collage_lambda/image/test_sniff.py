from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collage_lambda.image.sniff import FORMATS, sniff
from collage_lambda.reasons import Failure
from tests.fakes.collage.images import encoded, picture

MPO = {"save_all": True, "append_images": [picture(60, 60)]}


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [*((kind, {}, kind) for kind in FORMATS), ("MPO", MPO, "JPEG")],
)
def test_every_format_is_recognised_by_its_first_bytes(
    kind: str, options: dict[str, object], expected: str
) -> None:
    assert sniff(encoded(picture(60, 60), kind, **options)) == expected


@pytest.mark.parametrize(
    ("data", "reason", "detail"),
    [
        (b"", "not_an_image", "no bytes"),
        (b"<!DOCTYPE html><html>", "not_an_image", "HTML"),
        (b"  \n<HTML>", "not_an_image", "HTML"),
        (b"<Error><Code>AccessDenied</Code></Error>", "not_an_image", "XML"),
        (b'{"error": 1}', "not_an_image", "JSON"),
        (b"BM is not a bitmap, it is a text", "not_an_image", "begins 424d206973206e6f"),
        (b"\x00" * 40, "not_an_image", "begins 0000000000000000"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unsupported_format", "SVG"),
        (b"<?xml version='1.0'?>\n<!-- a -->\n<svg/>", "unsupported_format", "SVG"),
        (
            b"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isomavc1",
            "unsupported_format",
            "ISO media b'isom'",
        ),
        (b"\xff\x0a\x00\x00", "unsupported_format", "JPEG XL"),
        (b"8BPS\x00\x01", "unsupported_format", "PSD"),
    ],
)
def test_an_unsupported_format_is_named(data: bytes, reason: str, detail: str) -> None:
    failure = sniff(data)
    assert isinstance(failure, Failure)
    assert (failure.reason, failure.detail) == (reason, detail)


def test_avif_in_the_container_of_heif_is_avif() -> None:
    assert sniff(b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf") == "AVIF"


@pytest.mark.parametrize("major", [b"heic", b"mif1", b"heix"])
def test_heic_is_heif(major: bytes) -> None:
    assert sniff(b"\x00\x00\x00\x18ftyp" + major + b"\x00\x00\x00\x00mif1heic") == "HEIF"


@given(st.binary(max_size=80))
def test_any_bytes_are_sniffed_without_an_exception(data: bytes) -> None:
    assert sniff(data) in FORMATS or isinstance(sniff(data), Failure)
