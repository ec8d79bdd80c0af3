from __future__ import annotations

from typing import Any

import pytest

from collage_lambda.image.decode import Cell, decode_cell
from collage_lambda.reasons import Failure, FailureReason
from tests.fakes.collage.cells import SPEC
from tests.fakes.collage.images import difference, encoded, picture

SIZE = (300, 300)
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "JPEG": ("JPEG", {}),
    "progressive JPEG": ("JPEG", {"progressive": True}),
    "PNG": ("PNG", {}),
    "GIF": ("GIF", {}),
}


def cut(kind: str, share: float) -> bytes:
    name, options = KINDS[kind]
    data = encoded(picture(*SIZE), name, **options)
    return data[: round(len(data) * share)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_lacks_its_last_bytes_is_shown(kind: str) -> None:
    name, options = KINDS[kind]
    whole = decode_cell(encoded(picture(*SIZE), name, **options), SPEC)
    partial = decode_cell(cut(kind, 0.99), SPEC)
    assert isinstance(whole, Cell)
    assert isinstance(partial, Cell)
    top = (0, 0, SPEC.cell_px, SPEC.cell_px * 85 // 100)
    assert difference(partial.image.crop(top), whole.image.crop(top)) < 4


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_a_file_of_which_much_is_missing_is_truncated(kind: str) -> None:
    failure = decode_cell(cut(kind, 0.6), SPEC)
    assert isinstance(failure, Failure)
    assert failure.reason is FailureReason.TRUNCATED


def test_a_progressive_jpeg_without_its_first_scan_is_truncated() -> None:
    failure = decode_cell(cut("progressive JPEG", 0.1), SPEC)
    assert isinstance(failure, Failure)
    assert failure.reason is FailureReason.TRUNCATED


def test_a_part_that_the_cell_does_not_show_may_be_missing() -> None:
    """An upright cover's cell is the square in its middle."""
    data = encoded(picture(300, 600), "JPEG")
    assert isinstance(decode_cell(data[: round(len(data) * 0.8)], SPEC), Cell)
    assert isinstance(decode_cell(data[: round(len(data) * 0.5)], SPEC), Failure)
