from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.batches.results.sheet import COLUMNS, Sheet, cells, safe_cell
from stream_ingest.contracts.naming import creator_key, is_creator_name

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    " =1+1",
    "\uff1d1+1",
    "'=1",
    "\n=1",
]


def window(creator: str, **changes: object) -> dict[str, Any]:
    return {
        "creator_name": creator_key(creator),
        "item": "window#000012",
        "creator": creator,
        "status": "partial",
        "image_count": Decimal(35),
        "images_ok": Decimal(33),
        "images_failed": Decimal(2),
        "failures": {"forbidden": Decimal(1), "truncated": Decimal(1)},
        "processing_date": "2026-11-21T06:59:30Z",
        "completed_at": "2026-11-21T07:00:00+00:00",
        "collage_key": "collages/2026/11/21/csv-push/a_collage_000012.jpg",
        "duration_ms": Decimal(1_250),
        "bytes_downloaded": Decimal(700_000),
        "collage_bytes": Decimal(90_000),
        "request_id": "8a1b-request",
    } | changes


def written(*windows: dict[str, Any]) -> str:
    file = io.StringIO(newline="")
    sheet = Sheet(file)
    for each in windows:
        sheet.add(each)
    return file.getvalue()


def test_a_line_says_what_became_of_a_window() -> None:
    (line,) = csv.DictReader(io.StringIO(written(window("charli"))))
    assert line == {
        "creator": "charli",
        "window_id": "charli:000012",
        "status": "partial",
        "images": "35",
        "images_ok": "33",
        "images_failed": "2",
        "failures": "forbidden:1 truncated:1",
        "error": "",
        "closed_at": "2026-11-21T06:59:30Z",
        "completed_at": "2026-11-21T07:00:00+00:00",
        "collage_key": "collages/2026/11/21/csv-push/a_collage_000012.jpg",
        "duration_ms": "1250",
        "bytes_downloaded": "700000",
        "collage_bytes": "90000",
        "request_id": "8a1b-request",
    }


def test_a_window_without_a_collage_has_its_reason_in_the_place_of_a_key() -> None:
    failed = window("charli", status="failed", error='no image, "none"\nat all')
    for absent in ("collage_key", "images_ok", "collage_bytes", "duration_ms"):
        del failed[absent]
    (line,) = csv.DictReader(io.StringIO(written(failed), newline=""))
    assert (line["collage_key"], line["images_ok"]) == ("", "0")
    assert (line["collage_bytes"], line["duration_ms"]) == ("", "")
    assert line["error"] == 'no image, "none"\nat all'


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_begins_a_formula(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["charli", "a=b", "", "1", "你好", "a'b"])
def test_a_harmless_cell_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text


@given(st.text())
def test_taking_off_one_apostrophe_gives_the_text_back(text: str) -> None:
    assert safe_cell(text).removeprefix("'") == text


@given(st.text(min_size=1, max_size=40).filter(is_creator_name), st.text())
def test_whatever_a_creator_is_called_its_line_has_its_cells_and_no_formula(
    creator: str, error: str
) -> None:
    text = written(window(creator, error=error), window("next"))
    heading, line, following = csv.reader(io.StringIO(text, newline=""))
    assert tuple(heading) == COLUMNS
    assert line == cells(window(creator, error=error))
    assert following[0] == "next"
    assert not [cell for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_every_cell_is_in_quotes_so_that_no_other_separator_counts() -> None:
    """A spreadsheet that splits at semicolons would find ``=1+1`` at the start of a cell."""
    assert '"a;=1+1",' in written(window("a;=1+1"))


def test_the_id_of_an_escaped_name_is_no_formula_either() -> None:
    assert cells(window("你"))[1] == "'=E4=BD=A0:000012"
