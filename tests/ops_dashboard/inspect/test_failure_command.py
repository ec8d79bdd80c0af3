"""`ops-dashboard failures`, over moto's table and buckets."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import msgspec
import pytest

from ops_dashboard.inspect import refused_rows
from ops_dashboard.inspect.batches.refused_parts import read_part
from ops_dashboard.inspect.failure_command import totals_table
from ops_dashboard.inspect.failures import FailureList, FailureTotals, Totals
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.stack_outputs import parameter_name
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.rows import RefusalReason, RowRefusal
from tests.fakes.command_line import Commands
from tests.fakes.ingest.aws import OUTPUT
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.stack_outputs import stack_outputs
from tests.fakes.ops.table import OpsTable

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

A = header("batch-a", images=2)
FORMULA = "=cmd|' /C calc'!A0"
WINDOWS = ["ann:000003", "ann:000002"]


@pytest.fixture
def commands(
    ops_table: OpsTable, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Commands:
    ops_table.aws.registry.register(A)
    ops_table.fold("ann", range(6), A, NOW_S)
    ops_table.end("ann:000001", "completed", images_ok=2)
    ops_table.end("ann:000002", "partial", images_ok=1, failures={"timeout": 1})
    ops_table.end("ann:000003", "failed", failures={"expired": 2}, error="no image")
    RefusedRows(ops_table.aws.s3, OUTPUT, "batch-a").store(
        [
            RowRefusal(reason=reason, creator=FORMULA, cover="{", created_at="x", detail="bad")
            for reason in (RefusalReason.EXPIRED, RefusalReason.BAD_JSON)
        ]
    )
    boto3.client("ssm").put_parameter(
        Name=parameter_name("dev"),
        Value=msgspec.json.encode(stack_outputs()).decode(),
        Type="String",
    )
    return Commands(capsys, monkeypatch)


def written(commands: Commands, line: str) -> list[list[str]]:
    done = commands.run("ops-dashboard", "failures", "--csv", *line.split())
    assert done.code == 0, done.err
    return list(csv.reader(io.StringIO(done.out, newline="")))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ["expired", "bad_json", *WINDOWS]),
        ("--what windows", WINDOWS),
        ("--what rows", ["expired", "bad_json"]),
        ("--reason expired", ["expired", "ann:000003"]),
        ("--reason bad_json", ["bad_json"]),
        ("--passing", ["ann:000002"]),
        ("--creator ANN", WINDOWS),
        ("--to 2020-01-01", []),
        ("--limit 1", ["expired"]),
    ],
)
def test_failures_are_selected(commands: Commands, line: str, expected: list[str]) -> None:
    heading, *lines = written(commands, line)
    found = [dict(zip(heading, each, strict=True)) for each in lines]
    names = [each["window_id"] or each["reasons"].partition(":")[0] for each in found]
    assert names == expected
    assert not [cell for each in lines for cell in each if cell.startswith("=")]


def test_the_table_shows_windows_and_rows_newest_first_with_their_reasons(
    commands: Commands,
) -> None:
    every = commands.run("ops-dashboard", "failures")
    assert (every.code, every.err) == (0, "")
    assert "no image (2 expired)" in every.out
    assert every.out.index("row of =cmd") < every.out.index("ann:000003")
    assert "bad_json: bad" in every.out
    first = commands.run("ops-dashboard", "failures", "--limit", "1")
    cursor = first.err.split("there are more: --after ")[1].strip()
    second = commands.run("ops-dashboard", "failures", "--after", cursor)
    assert (first.out.count("row of"), second.out.count("row of")) == (1, 1)
    assert "bad_json: bad" in second.out


def test_a_file_appears_when_it_is_complete(commands: Commands, tmp_path: Path) -> None:
    path = tmp_path / "failures.csv"
    done = commands.run("ops-dashboard", "failures", "--out", str(path))
    assert (done.code, done.out) == (0, "")
    assert f"4 failures written to {path}: 2 expired, 1 bad_json, 1 timeout" in done.err
    assert len(path.read_text().splitlines()) == 5
    assert [each.name for each in tmp_path.iterdir()] == ["failures.csv"]


def test_json_is_a_page(commands: Commands) -> None:
    done = commands.run("ops-dashboard", "failures", "--json", "--limit", "1")
    page = json.loads(done.out)
    assert [each["row"]["reason"] for each in page["failures"]] == ["expired"]
    assert page["next"]
    assert page["totals"]["windows"] == {
        "total": 2, "by_reason": {"expired": 1, "timeout": 1}, "complete": True,
    }  # fmt: skip
    assert page["totals"]["rows"]["by_reason"] == {"expired": 1, "bad_json": 1}
    later = commands.run("ops-dashboard", "failures", "--json", "--after", page["next"])
    assert json.loads(later.out)["totals"] is None


def test_without_totals_nothing_is_counted(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They read thousands of entries for a page of a few."""

    def fails(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(FailureList, "totals", fails)
    done = commands.run("ops-dashboard", "failures", "--no-totals", "--json")
    page = json.loads(done.out)
    assert (len(page["failures"]), page["totals"]) == (4, None)
    assert commands.run("ops-dashboard", "failures", "--no-totals").code == 0


def test_totals_by_reason_are_of_all_that_match(commands: Commands) -> None:
    done = commands.run("ops-dashboard", "failures", "--limit", "1", "--creator", "ann")
    lines = [re.sub(r"[^a-z0-9]+", " ", line).strip() for line in done.out.splitlines()]
    last = [line for line in lines if line][-4:]
    assert last == ["reason windows refused rows", "expired 1", "timeout 1", "all 2 0"]
    none = commands.run("ops-dashboard", "failures", "--to", "2020-01-01")
    assert (none.out, none.err.strip()) == ("", "no failures")


def test_totals_say_if_there_is_more_than_was_counted() -> None:
    some = Totals(total=20_000, by_reason={"expired": 20_000}, complete=False)
    table = totals_table(
        FailureTotals(windows=some, rows=Totals(total=0, by_reason={}, complete=True))
    )
    cells = [str(cell) for column in table.columns for cell in column.cells]
    assert cells == ["expired", "all", "20,000", "at least 20,000", "", "0"]


@pytest.mark.parametrize("to_file", [False, True])
def test_a_csv_that_cannot_be_finished_is_an_error_and_no_file(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, to_file: bool
) -> None:
    """AWS fails after the first rows: the exit code says so, and no file appears."""

    def broken(s3: S3Client, bucket: str, key: str) -> Iterator[RowRefusal]:
        if "part-00001" in key:
            raise TransientError(f"read {key}: no answer")  # noqa: EM102, TRY003 - a fake
        return read_part(s3, bucket, key)

    writer = RefusedRows(boto3.client("s3"), OUTPUT, "batch-a")
    writer.parts = 1
    reason = RefusalReason.NO_URL
    writer.store([RowRefusal(reason=reason, creator="c", cover="", created_at="")])
    monkeypatch.setattr(refused_rows, "read_part", broken)
    place = ["--out", str(tmp_path / "failures.csv")] if to_file else ["--csv"]
    done = commands.run("ops-dashboard", "failures", *place)
    assert done.code == 1
    assert "part-00001" in done.err
    assert "written" not in done.err
    assert list(tmp_path.iterdir()) == []
    assert ("no_url" in done.out) == (not to_file)


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("--batch none", 1, "no batch none"),
        ("--reason none", 2, "--reason none: expected "),
        ("--csv --json", 2, "--csv and --out exclude --json"),
        ("--from today --to yesterday", 2, "--from today is not before --to yesterday"),
    ],
)
def test_a_mistake_is_one_line(commands: Commands, line: str, code: int, said: str) -> None:
    done = commands.run("ops-dashboard", "failures", *line.split())
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert done.err.count("\n") == 1
