"""`stream-ingest push --csv`: files as people have them, and files that are rejected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stream_ingest.push.checkpoint import unfinished
from stream_ingest.records.codec import unpack
from tests.stream_ingest.cli.conftest import Deployed, Push

CASES = Path(__file__).parents[2] / "cases" / "csv"
OTHERS = {"backslash_escape.csv", "ms.csv", "unclosed.csv"}
HEADER = "creator_name,cover_url,created_at\n"


def creators(deployed: Deployed) -> list[str]:
    records = [unpack(data) for _, data in deployed.kinesis.stored]
    return sorted(row.creator for record in records for row in record.cover_rows())


@pytest.mark.parametrize(
    "name", sorted(each.name for each in CASES.iterdir() if each.name not in OTHERS)
)
def test_every_dialect_of_a_spreadsheet_gives_the_same_three_rows(
    deployed: Deployed, run: Push, name: str
) -> None:
    code, _, err = run("--csv", str(CASES / name), "--batch-id", "b")
    assert (code, creators(deployed)) == (0, ["bella", "charli", "josé"])
    batch = deployed.aws.registry.load("b")
    assert batch is not None
    assert ("Windows-1252" in err) == ("cp1252" in name) == bool(batch.notes)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("", "the file has a header, but no rows"),
        ("ann,junk,w\nben,NULL,w\n", "none of its 2 rows can be used (1 bad_json, 1 no_url)"),
    ],
)
def test_a_file_of_which_no_row_can_be_used_is_rejected_and_leaves_nothing_half(
    deployed: Deployed, run: Push, tmp_path: Path, rows: str, reason: str
) -> None:
    file = tmp_path / "covers.csv"
    file.write_text(HEADER + rows)
    code, out, err = run("--csv", str(file), "--batch-id", "b", "--json")
    assert (code, out) == (1, "")
    assert f"stream-ingest: batch b was rejected: {reason}" in err.splitlines()[-1]
    assert ("failed/rows/b/ in " in err) == bool(rows)
    assert unfinished() == []
    assert deployed.kinesis.stored == []
    batch = deployed.aws.registry.load("b")
    assert batch is not None
    assert (batch.status, batch.rejected) == ("rejecting", reason)
    deployed.aws.sweeper().sweep()
    progress = deployed.aws.registry.progress("b")
    assert progress is not None
    assert (progress.status, progress.ended) == ("rejected", True)


def test_a_file_that_cannot_be_read_is_one_line_and_no_batch(
    deployed: Deployed, run: Push, tmp_path: Path
) -> None:
    file = tmp_path / "covers.xlsx"
    file.write_bytes(b"PK\x03\x04" + b"\0" * 26 + b"[Content_Types].xml")
    code, _, err = run("--csv", str(file), "--batch-id", "b")
    assert code == 2
    assert "this is an Excel workbook (.xlsx), not CSV: save the sheet as CSV" in err
    assert deployed.aws.registry.load("b") is None
    assert unfinished() == []


def test_a_part_of_a_file_without_rows_is_not_rejected(
    deployed: Deployed, run: Push, tmp_path: Path
) -> None:
    file = tmp_path / "covers.csv"
    file.write_text(f"{HEADER}ann,https://e.com/1.jpg,2025-01-19\n")
    assert run("--csv", str(file), "--batch-id", "b", "--since", "2026-01-01")[0] == 0
    batch = deployed.aws.registry.load("b")
    assert batch is not None
    assert (batch.status, batch.rejected) == ("sent", None)


def test_a_dry_run_says_that_a_push_would_be_rejected(run: Push, tmp_path: Path) -> None:
    file = tmp_path / "covers.csv"
    file.write_text(f"{HEADER}ann,junk,2025-01-19\n")
    assert "a push would reject the file: its only row" in run("--csv", str(file), "--dry-run")[2]
    report = json.loads(run("--csv", str(file), "--dry-run", "--json")[1])
    assert report["rejected"] == "its only row cannot be used (bad_json)"


def test_columns_and_dates_are_options(deployed: Deployed, run: Push, tmp_path: Path) -> None:
    file = tmp_path / "covers.csv"
    rows = "x;01/02/2025;https://e.com/1.jpg;ann\nx;45659,5;https://e.com/2.jpg;ben\n"
    file.write_text("id;Datum;Bild;Autor\n" + rows)
    columns = "creator=Autor,cover=Bild,created_at=Datum"
    code, _, _ = run(
        "--csv", str(file), "--columns", columns, "--dates", "day-first,excel", "--batch-id", "b"
    )
    assert (code, creators(deployed)) == (0, ["ann", "ben"])


def test_a_dry_run_says_how_the_file_was_read(run: Push) -> None:
    code, _, err = run("--csv", str(CASES / "cp1252.csv"), "--dry-run")
    assert code == 0
    assert "Windows-1252" in err
