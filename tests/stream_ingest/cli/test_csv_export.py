from __future__ import annotations

import asyncio
import csv
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stream_ingest.cli.csv_export import Exported, export_rows, refused_path
from stream_ingest.cli.export import target
from stream_ingest.contracts.errors import UserError
from stream_ingest.records.rows import CoverRow, admit
from stream_ingest.sources.csv_file import CsvSource
from stream_ingest.sources.source import CSV_COLUMNS, SourceRow
from stream_ingest.sources.timerange import TimeRange
from tests.fakes.ingest.rows import NOW_S, cover_url
from tests.fakes.ingest.source import ListSource

AT = datetime(2026, 11, 1, 12, 0, 0, 250_000, tzinfo=UTC)
URLS = [cover_url(number) for number in range(4)]
ROWS: list[SourceRow] = [
    ("ann", URLS[0], "2026-11-01 12:00:00"),
    ("Zoë 🎉", f'{{"url_list": ["{URLS[1]}"]}}', AT),
    ('a,"b"', f'{{"dynamicCover": "{URLS[0]}", "cover": "{URLS[2]}"}}', AT),
    ("=ann", f'"{URLS[3].replace("/", chr(92) + "/")}"', b"2026-11-01T12:00:00Z".decode()),
]
BAD: list[SourceRow] = [
    ("ann", "no json", AT),
    ("=1+1", "{}", AT),
    ("ann", cover_url(9, expires=NOW_S - 1), AT),
    ("", URLS[0], AT),
    ("ann", URLS[0], "yesterday"),
]


def export(rows: list[SourceRow], path: Path | None, *, raw: bool = False) -> Exported:
    return asyncio.run(
        export_rows(ListSource(rows), path, raw=raw, now_s=NOW_S, progress=lambda _: None)
    )


def admitted(rows: list[SourceRow]) -> list[tuple[str, str, int]]:
    """Return what a push would send of rows."""
    found = [admit(*row, NOW_S) for row in rows]
    return [(row.creator, row.url, row.created_at_ms) for row in found if isinstance(row, CoverRow)]


def read(path: Path) -> list[SourceRow]:
    async def rows() -> list[SourceRow]:
        source = CsvSource(path, CSV_COLUMNS, within=TimeRange())
        return [row async for page in source.pages() for row in page.rows]

    return asyncio.run(rows())


@pytest.mark.parametrize("raw", [False, True])
def test_rows_that_a_spreadsheet_would_run_are_counted_and_left_as_they_are(
    tmp_path: Path, *, raw: bool
) -> None:
    hostile: list[SourceRow] = [
        (name, URLS[0], AT) for name in ("=1+1", "-2", "+3", "\uff1d4", "ann", "a=b")
    ]
    path = tmp_path / "covers.csv"
    exported = export(hostile, path, raw=raw)
    assert (exported.rows, exported.formulas) == (6, 4)
    with path.open(newline="") as file:
        assert [row[0] for row in csv.reader(file)][1:] == [row[0] for row in hostile]


def test_a_raw_cover_column_may_hold_a_formula(tmp_path: Path) -> None:
    hostile: list[SourceRow] = [("ann", "=HYPERLINK()", AT), ("ann", "\t=1", AT)]
    assert export(hostile, tmp_path / "raw.csv", raw=True).formulas == 2
    assert export(hostile, tmp_path / "checked.csv").formulas == 0  # refused


def test_a_push_of_the_file_sends_exactly_the_rows_of_the_table(tmp_path: Path) -> None:
    path = tmp_path / "covers.csv"
    assert export([*ROWS, *BAD], path).rows == len(ROWS)
    assert admitted(read(path)) == admitted(ROWS)
    assert len(admitted(ROWS)) == len(ROWS)


def test_the_file_has_the_chosen_url_and_the_fields_header(tmp_path: Path) -> None:
    path = tmp_path / "covers.csv"
    export(ROWS, path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "creator_name,cover_url,created_at"
    assert lines[1] == f"ann,{URLS[0]},2026-11-01 12:00:00"
    assert lines[2] == f"Zoë 🎉,{URLS[1]},2026-11-01 12:00:00.250"
    assert lines[3] == f'"a,""b""",{URLS[2]},2026-11-01 12:00:00.250'
    assert [each.name for each in tmp_path.iterdir()] == ["covers.csv"]


def test_refused_rows_are_in_a_file_beside_it_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "covers.csv"
    exported = export([*ROWS, *BAD], path)
    assert dict(exported.refused) == dict.fromkeys(
        ("bad_json", "no_url", "expired", "bad_creator", "bad_date"), 1
    )
    with refused_path(path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["creator_name", "cover_url", "created_at", "reason", "detail"]
    assert rows[1] == ["ann", "no json", str(AT), "bad_json", "neither a URL nor JSON"]
    assert rows[2][0] == "'=1+1", "a spreadsheet must not run it"
    assert [row[3] for row in rows[1:]] == [
        "bad_json",
        "no_url",
        "expired",
        "bad_creator",
        "bad_date",
    ]


def test_refused_rows_of_an_earlier_export_do_not_stay(tmp_path: Path) -> None:
    path = tmp_path / "covers.csv"
    export(BAD, path)
    assert refused_path(path).exists()
    export(ROWS, path)
    assert not refused_path(path).exists()


def test_a_raw_export_has_every_row_and_the_column_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "covers.csv"
    assert export([*ROWS, *BAD], path, raw=True) == Exported(rows=9, formulas=2)
    assert [row[1] for row in read(path)] == [row[1] for row in [*ROWS, *BAD]]
    assert not refused_path(path).exists()


def test_stdout_gets_the_rows_and_refused_ones_are_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    exported = export([ROWS[0], BAD[0]], None)
    assert capsys.readouterr().out.splitlines() == [
        "creator_name,cover_url,created_at",
        f"ann,{URLS[0]},2026-11-01 12:00:00",
    ]
    assert dict(exported.refused) == {"bad_json": 1}


@pytest.mark.parametrize("error", [UserError("server gone"), KeyboardInterrupt()])
def test_an_export_that_stops_leaves_what_was_there_and_nothing_half(
    tmp_path: Path, error: BaseException
) -> None:
    path = tmp_path / "covers.csv"
    path.write_text("yesterday's")
    source = ListSource([*ROWS, *BAD], error=error)
    with pytest.raises(type(error)):
        asyncio.run(export_rows(source, path, raw=False, now_s=NOW_S, progress=lambda _: None))
    assert [each.name for each in tmp_path.iterdir()] == ["covers.csv"]
    assert path.read_text() == "yesterday's"


@pytest.mark.parametrize("folder", ["missing", "file"])
def test_a_file_that_cannot_be_written_is_a_user_error(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("no folder")
    path = tmp_path / folder / "covers.csv"
    with pytest.raises(UserError, match=r"cannot write .*covers\.csv"):
        export(ROWS, path)


def test_a_folder_gets_a_file_with_the_time_in_its_name(tmp_path: Path) -> None:
    name = "cover_urls_20261101_120000.csv"
    assert target(str(tmp_path), AT) == tmp_path / name
    assert target("new/", AT) == Path("new") / name
    assert target(".", AT) == Path(name)
    assert target("mine.csv", AT) == Path("mine.csv")
