"""Dates such as 01/02/2025: read only if the file, or its owner, says what comes first."""

from __future__ import annotations

import pytest

from stream_ingest.contracts.date_form import parse_dates
from stream_ingest.records.dates import DateError, read_moment
from stream_ingest.sources import csv_text
from stream_ingest.sources.csv_text import CsvText
from stream_ingest.sources.source import CSV_COLUMNS, Cursor
from stream_ingest.sources.text_stream import TextStream
from tests.fakes.ingest.blocks import opener

FEB_1, JAN_2 = read_moment("2025-02-01"), read_moment("2025-01-02")


def text_of(dates: list[str], option: str | None = None) -> CsvText:
    lines = ["creator_name,cover_url,created_at", *(f"ann,u,{date}" for date in dates)]
    return CsvText(
        TextStream(opener("\n".join(lines).encode(), 50)), CSV_COLUMNS, parse_dates(option)
    )


def moments(text: CsvText, after: Cursor | None = None) -> list[int | None]:
    """Return the rows' moments, None for one that is refused."""
    found: list[int | None] = []
    for page in text.pages(after):
        for row in page.rows:
            try:
                found.append(read_moment(row[2], page.form))
            except DateError:
                found.append(None)
    return found


@pytest.mark.parametrize(
    ("dates", "first", "remark"),
    [
        (["01/02/2025", "19/01/2025"], FEB_1, "with the day first"),
        (["19/01/2025", "01/02/2025"], FEB_1, "with the day first"),
        (["01/02/2025 8:05", "1/19/2025 8:05"], JAN_2 + 29_100_000, "with the month first"),
        (["01-02-2025", "2025-01-19", "19-01-2025"], FEB_1, "with the day first"),
        (["01/02/2025", "03/04/2025"], None, None),
        (["01/02/2025", "19.01.2025"], None, None),
        (["01/02/2025", "19/01/2025", "01/19/2025"], None, "some dates of the file"),
        (["02/02/2025"], read_moment("2025-02-02"), None),
    ],
)
def test_the_order_is_that_of_the_files_other_dates(
    dates: list[str], first: int | None, remark: str | None
) -> None:
    text = text_of(dates)
    found = moments(text)
    assert found[next(at for at, date in enumerate(dates) if date[0] == "0")] == first
    assert (remark is None) == (text.remarks == ())
    assert all(remark is not None and remark in each for each in text.remarks)


@pytest.mark.parametrize(("option", "moment"), [("day-first", FEB_1), ("month-first", JAN_2)])
def test_the_option_decides_whatever_other_dates_are(option: str, moment: int) -> None:
    assert moments(text_of(["01/02/2025", "19/01/2025", "01/19/2025"], option))[0] == moment


def test_the_order_is_decided_once_and_stays_after_every_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(csv_text, "PAGE_ROWS", 1)
    dates = ["2025-01-01", "01/02/2025", "01/02/2025", "19/01/2025"]
    expected = moments(text_of(dates))
    assert expected[1:3] == [FEB_1, FEB_1]
    for done, page in enumerate(text_of(dates).pages(), start=1):
        assert moments(text_of(dates), page.cursor) == expected[done:]
