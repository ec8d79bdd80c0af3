"""Commands that are given the name of nothing: one line, and exit code 1."""

from __future__ import annotations

import boto3
import msgspec
import pytest

from stream_ingest.contracts.stack_outputs import parameter_name
from tests.fakes.command_line import Commands
from tests.fakes.ingest.aws import OUTPUT, TABLE
from tests.fakes.ops.stack_outputs import stack_outputs
from tests.fakes.ops.table import OpsTable


@pytest.fixture
def commands(
    ops_table: OpsTable,  # noqa: ARG001 - the table
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Commands:
    outputs = stack_outputs(table_name=TABLE, output_bucket=OUTPUT)
    boto3.client("ssm").put_parameter(
        Name=parameter_name("dev"), Value=msgspec.json.encode(outputs).decode(), Type="String"
    )
    return Commands(capsys, monkeypatch)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("replay --creator nobody", "no creator nobody in stack 'dev'"),
        ("replay --creator nobody --from 2026-11-01", "no creator nobody in stack 'dev'"),
        ("retry --failed --creator nobody", "no creator nobody in stack 'dev'"),
        ("windows --creator nobody", "no creator nobody in stack 'dev'"),
        ("windows --creator nobody --csv", "no creator nobody in stack 'dev'"),
        ("failures --batch none", "no batch none in stack 'dev'"),
        ("windows --batch none --csv", "no batch none in stack 'dev'"),
        ("status --batch none", "no batch 'none' in stack 'dev'"),
        ("download --batch none", "no batch none in stack 'dev'"),
        ("link ann:000001", "no window ann:000001 in stack 'dev'"),
    ],
)
def test_an_unknown_name_is_one_line_and_exit_code_1(
    commands: Commands, line: str, said: str
) -> None:
    done = commands.run("ops-dashboard", *line.split())
    assert (done.code, done.out) == (1, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_an_empty_list_as_csv_is_its_heading(commands: Commands) -> None:
    done = commands.run("ops-dashboard", "windows", "--csv")
    assert done.code == 0
    assert done.out.startswith('"creator","window_id","status"')
    assert done.out.count("\n") == 1
    assert done.err == "0 windows written\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("windows --csv --json", "--csv and --out exclude --json"),
        ("windows --from today --to yesterday", "--from today is not before --to yesterday"),
    ],
)
def test_options_that_cannot_be_are_one_line(commands: Commands, line: str, said: str) -> None:
    done = commands.run("ops-dashboard", *line.split())
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert said in done.err
