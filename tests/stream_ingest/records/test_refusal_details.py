from __future__ import annotations

import pytest

from stream_ingest.batches.results.sheet import safe_cell
from stream_ingest.records.refusal_details import MAX_DETAIL
from stream_ingest.records.rows import RowRefusal, admit
from tests.fakes.ingest.rows import NOW_S, cover_url

WHEN = "2026-11-01 12:00:00"
A = cover_url(1, expires=NOW_S + 3_600)


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        (("", A, WHEN), "the name is empty"),
        (("@ ", A, WHEN), "the name is empty"),
        ((b"jos\xe9", A, WHEN), "the name is not UTF-8"),
        (("6.7E+18", A, WHEN), "a number that has lost digits: store ids as text"),
        (
            ("NULL", A, WHEN),
            "a placeholder for a missing name; with @ before it, it is a creator",
        ),
        (("a\nb", A, WHEN), "character U+000A at position 2 of the name"),
        (("a", '{"cover": [1, }', WHEN), "line 1 column 15: unexpected character"),
        (("a", '{"cover":\n"https:', WHEN), "line 2 column 8: unexpected end of data"),
        (("a", "{'cover': ['https", WHEN), "line 1 column 12: unterminated string literal"),
        (("a", "cover.jpg", WHEN), "neither a URL nor JSON"),
        (("a", "=1+1", WHEN), "neither a URL nor JSON"),
        (("a", " ", WHEN), "the column is empty"),
        (("a", r"\N", WHEN), "the column stands for no value"),
        (("a", '{"uri": "x"}', WHEN), "no URL in the object or list"),
        (("a", "s3://bucket/a.jpg", WHEN), "scheme s3 is not http or https"),
        (("a", "https:///a.jpg", WHEN), "the URL has no host"),
        (("a", "https://u:p@e.com/a", WHEN), "the URL has a user name in it"),
        (("a", "https://e .com/a", WHEN), "character U+0020 at position 10 of the URL"),
        (("a", "https://e.com/\x00b", WHEN), "character U+0000 at position 15 of the URL"),
        (("a", "https://e.com/" + "a" * 3_000, WHEN), "the URL has 3,014 characters"),
        (("a", cover_url(1, expires=1_700_000_000), WHEN), "expired at 2023-11-14T22:13:20Z"),
        (("a", A, "01/02/2025"), "01/02/2025 could be day 01 of month 02 or day 02 of month 01"),
        (("a", A, "45676"), "45676 may be a spreadsheet's day number"),
        (("a", A, None), "the column is empty"),
        (("a", A, "x" * 500), "'xxxx"),
    ],
)
def test_a_refusal_says_what_is_wrong(row: tuple[object, object, object], detail: str) -> None:
    outcome = admit(*row, NOW_S)
    assert isinstance(outcome, RowRefusal)
    assert outcome.detail.startswith(detail)
    assert len(outcome.detail) <= MAX_DETAIL
    assert safe_cell(outcome.detail) == outcome.detail or outcome.detail.startswith("'")
