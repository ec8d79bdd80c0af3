"""The books find a loss, a double and a wrong cell, and nothing in a right result."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pytest
from PIL import Image

from stream_ingest.contracts.identity import image_identity
from tests.attack.harness.accounting import Found, differences
from tests.attack.harness.truth import Batch, Code, code_in, codes_of, make_batches, url_of
from tests.bench.cover_server import code_cover

CELL_PX = 64
COLUMNS = 5


def collage(codes: Sequence[Code]) -> bytes:
    """Return a picture as the pipeline makes it, of codes row by row."""
    rows = -(-len(codes) // COLUMNS)
    picture = Image.new("RGB", (COLUMNS * CELL_PX, rows * CELL_PX), "white")
    for place, code in enumerate(codes):
        cover = Image.open(io.BytesIO(code_cover(f"/a/{code.index:02d}-{code.number:04d}")))
        picture.paste(cover, (place % COLUMNS * CELL_PX, place // COLUMNS * CELL_PX))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def metadata(codes: Sequence[Code]) -> dict[str, Any]:
    return {
        "window_id": "w",
        "creator": codes[0].creator,
        "layout": {"cell_px": CELL_PX},
        "cells": [
            {
                "identity": f"attack/{code.index:02d}-{code.number:04d}",
                "status": "ok",
                "row": place // COLUMNS,
                "column": place % COLUMNS,
            }
            for place, code in enumerate(codes)
        ],
    }


def found_of(*windows: Sequence[Code]) -> Found:
    found = Found()
    for codes in windows:
        found.add_collage(metadata(codes), collage(codes))
        images = [{"identity": cell["identity"]} for cell in metadata(codes)["cells"]]
        found.add_image_list({"window_id": "w", "images": images})
    return found


@pytest.fixture(scope="module")
def batches() -> list[Batch]:
    return make_batches("b", "127.0.0.1:1", seed=3, rows=400, batches=4, creators=4)


def windows_of(batches: Sequence[Batch]) -> list[list[Code]]:
    codes = sorted(codes_of(batches))
    return [
        own[first : first + 12]
        for index in range(4)
        for own in [[code for code in codes if code.index == index]]
        for first in range(0, len(own), 12)
    ]


def test_a_right_result_has_no_difference(batches: list[Batch]) -> None:
    rows = [row for batch in batches for row in batch.rows]
    assert len(rows) == 400
    assert len(codes_of(batches)) < len(rows), "some rows repeat a cover"
    assert len({row.url for row in rows}) == len(rows)
    assert differences(codes_of(batches), found_of(*windows_of(batches))) == {}


def test_a_lost_cell_and_a_doubled_one_are_found_by_each_witness(batches: list[Batch]) -> None:
    windows = windows_of(batches)
    lost, doubled = windows[0][0], windows[1][0]
    wrong = differences(codes_of(batches), found_of(windows[0][1:], *windows[1:], [doubled]))
    for place in ("pixels", "metadata", "table"):
        assert wrong[f"lost from {place}"] == ["1", str(lost)]
        assert wrong[f"doubled in {place}"] == ["1", str(doubled)]


def test_pixels_that_contradict_the_metadata_are_found() -> None:
    codes = [Code(1, number) for number in range(1, 7)]
    found = Found()
    found.add_collage(metadata(codes), collage([codes[1], codes[0], *codes[2:]]))
    assert len(found.wrong) == 2
    found = Found()
    found.add_collage(metadata(codes), collage(codes[:5]))
    assert found.wrong == [f"w: cell (1, 0) shows None, not {codes[5]}"]


@pytest.mark.parametrize(
    ("item", "attributes"),
    [
        ("state", {"open_images": 3}),
        ("window#000001", {"status": "processing"}),
        ("window#000001", {"status": "completed", "lease_owner": "x"}),
        ("batch", {"status": "sending"}),
    ],
)
def test_what_waits_is_stuck(item: str, attributes: dict[str, object]) -> None:
    found = Found()
    found.add_item({"creator_name": "c", "item": item, **attributes})
    assert len(found.stuck) == 1


@pytest.mark.parametrize(
    ("item", "attributes"),
    [
        ("state", {"open_images": 0}),
        ("window#000001", {"status": "completed"}),
        ("batch", {"status": "ended"}),
        ("images#000001", {}),
    ],
)
def test_what_has_ended_is_not_stuck(item: str, attributes: dict[str, object]) -> None:
    found = Found()
    found.add_item({"creator_name": "c", "item": item, **attributes})
    assert found.stuck == []


def test_a_cover_has_one_identity_under_all_its_urls() -> None:
    code = Code(7, 123)
    urls = [url_of("127.0.0.1:1", code, nonce=n, expires_s=1_900_000_000) for n in range(2)]
    (identity,) = {image_identity(url) for url in urls}
    assert code_in(identity) == code_in(urls[0]) == code
