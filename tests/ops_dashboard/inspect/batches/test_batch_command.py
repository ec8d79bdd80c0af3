"""`ops-dashboard batches`, and the outcomes of `status --json`, over moto's table."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import boto3
import msgspec
import pytest

from ops_dashboard.commands.batches import Outcome
from ops_dashboard.inspect.batches.batch_filter import OUTCOMES
from stream_ingest.aws.items import to_wire
from stream_ingest.batches.batch_item import new_item
from stream_ingest.contracts.stack_outputs import parameter_name
from tests.fakes.command_line import Commands
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.stack_outputs import stack_outputs
from tests.fakes.ops.table import OpsTable

COUNTED = {"accepted": 5, "duplicates": 0, "windows": 0}
DAY_S = 86_400
FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture
def commands(
    ops_table: OpsTable, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Commands:
    """Four batches, a day apart, the newest one first: open, rejected, all refused, ended."""
    stories = {
        "open": {},
        "bad": {"status": "rejected", "rejected": FORMULA},
        "lost": {"status": "ended", "refused": {"no_url": 4, "bad_url": 1}, "counted": COUNTED},
        "fine": {"status": "ended", "counted": COUNTED, "trigger": "s3-trigger"},
    }
    for days, (name, changes) in enumerate(stories.items()):
        item = new_item(header(name), None, (), "me", NOW_S - days * DAY_S)
        item |= {"rows_read": 5, "rows_sent": 5, "is_final": True} | changes
        if name == "lost":
            item |= {"rows_sent": 0, "counted": {**COUNTED, "accepted": 0}}
        ops_table.aws.dynamodb.put_item(TableName=TABLE, Item=to_wire(item))
    boto3.client("ssm").put_parameter(
        Name=parameter_name("dev"),
        Value=msgspec.json.encode(stack_outputs()).decode(),
        Type="String",
    )
    return Commands(capsys, monkeypatch)


def written(commands: Commands, line: str = "") -> list[dict[str, str]]:
    done = commands.run("ops-dashboard", "batches", "--csv", *line.split())
    assert done.code == 0, done.err
    return list(csv.DictReader(io.StringIO(done.out, newline="")))


def test_the_command_names_the_outcomes_that_can_be_asked_for() -> None:
    assert list(map(str, Outcome)) == list(OUTCOMES)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ["open", "bad", "lost", "fine"]),
        ("--outcome open", ["open"]),
        ("--outcome problems", ["bad", "lost"]),
        ("--outcome all-refused", ["lost"]),
        ("--outcome ended", ["fine"]),
        ("--trigger s3-trigger", ["fine"]),
        ("--limit 2", ["open", "bad"]),
        ("--to 2020-01-01", []),
    ],
)
def test_batches_are_selected(commands: Commands, line: str, expected: list[str]) -> None:
    assert [each["batch_id"] for each in written(commands, line)] == expected


def test_a_line_has_what_became_of_a_batch_and_no_formula(commands: Commands) -> None:
    _, bad, lost, _ = written(commands)
    assert (bad["outcome"], bad["rejected"]) == ("rejected", f"'{FORMULA}")
    assert (lost["outcome"], lost["outcome_text"]) == ("all-refused", "all refused")
    assert (lost["rows_refused"], lost["refused"]) == ("5", "bad_url:1 no_url:4")


def test_a_list_is_continued_at_its_cursor(commands: Commands) -> None:
    first = commands.run("ops-dashboard", "batches", "--limit", "2")
    assert (first.code, "all refused" in first.out) == (0, False)
    cursor = first.err.split("there are more: --after ")[1].strip()
    second = commands.run("ops-dashboard", "batches", "--after", cursor, "--json")
    page = json.loads(second.out)
    assert [each["progress"]["batch_id"] for each in page["batches"]] == ["lost", "fine"]
    assert page["batches"][0]["outcome"] == {
        "kind": "all-refused", "level": "bad", "text": "all refused",
    }  # fmt: skip
    assert page["next"] is None


def test_a_file_appears_when_it_is_complete(commands: Commands, tmp_path: Path) -> None:
    path = tmp_path / "batches.csv"
    done = commands.run("ops-dashboard", "batches", "--out", str(path), "--outcome", "ended")
    assert (done.code, done.out) == (0, "")
    assert f"1 batch written to {path}" in done.err
    assert len(path.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("--outcome fine", 2, "Invalid value for '--outcome'"),
        ("--trigger s3-triger", 2, "Invalid value for '--trigger'"),
        ("--csv --json", 2, "--csv and --out exclude --json"),
        ("--from today --to yesterday", 2, "--from today is not before --to yesterday"),
        ("--after x", 2, "not a cursor of this listing"),
        ("--to 2001-01-01", 0, "no such batches"),
    ],
)
def test_a_mistake_is_said(commands: Commands, line: str, code: int, said: str) -> None:
    done = commands.run("ops-dashboard", "batches", *line.split())
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_status_has_the_same_outcomes_for_programs(commands: Commands) -> None:
    found = json.loads(commands.run("ops-dashboard", "status", "--json").out)
    assert {each["batch_id"]: each["outcome"]["kind"] for each in found} == {
        each["batch_id"]: each["outcome"] for each in written(commands)
    }
    one = json.loads(commands.run("ops-dashboard", "status", "--batch", "bad", "--json").out)
    assert one["outcome"] == {"kind": "rejected", "level": "bad", "text": "rejected"}
