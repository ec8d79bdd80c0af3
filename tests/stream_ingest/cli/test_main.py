"""The command line as a person meets it: what goes wrong is one clear line and exit code 2."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from moto import mock_aws

from stream_ingest.cli.main import main
from tests.fakes.ingest.rows import cover_url

Run = Callable[..., "Outcome"]
ROWS = f"ann,{cover_url(1)},2026-11-01\nann,nonsense,2026-11-01\nben,{cover_url(2)},soon\n"


class Outcome:
    """What one run of `stream-ingest` came to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def complaint(self) -> str:
        """The error, if stderr has one line and nothing else was printed."""
        assert self.code == 2, self.err
        assert self.out == ""
        assert self.err.startswith("stream-ingest: ")
        assert self.err.count("\n") == 1
        assert "Traceback" not in self.err
        return self.err.removeprefix("stream-ingest: ").strip()


@pytest.fixture
def run(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    aws_environment: None,  # noqa: ARG001 - it sets variables
) -> Run:
    """Run the command line in this process, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("MYSQL_URL", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def run(*arguments: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["stream-ingest", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        printed = capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return Outcome(caught.value.code, printed.out, printed.err)

    return run


@pytest.fixture
def rows(tmp_path: Path) -> str:
    path = tmp_path / "rows.csv"
    path.write_text(f"creator_name,cover_url,created_at\n{ROWS}")
    return str(path)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["push"],
            "choose a source: --mysql URL (or MYSQL_URL), --mysql-secret ID, or --csv FILE",
        ),
        (["push", "--mysql", "postgres://u:hunter2@h/db"], "--mysql: expected mysql://"),
        (["push", "--csv", "x.csv", "--since", "tomorrow"], "date 'tomorrow': expected"),
        (["push", "--csv", "x.csv", "--until", "31.12.2026"], "date '31.12.2026': expected"),
        (
            ["push", "--csv", "x.csv", "--since", "2026-02-01", "--until", "2026-01-01"],
            "not before",
        ),
        (["push", "--csv", "x.csv", "--since", "last_push"], "last_push is for MySQL"),
        (["push", "--csv", "x.csv", "--columns", "cover"], "--columns 'cover': expected"),
        (["push", "--csv", "x.csv", "--columns", "url=x"], "--columns 'url=x': expected"),
        (["push", "--csv", "x.csv", "--batch-id", "a/b"], "batch id 'a/b': expected"),
        (
            ["push", "--csv", "x.csv", "--flush-policy", "soon"],
            "--flush-policy 'soon': expected never, batch-end",
        ),
        (
            ["push", "--csv", "x.csv", "--flush-policy", "idle:7"],
            "--flush-policy 'idle:7': expected never",
        ),
        (
            ["push", "--csv", "x.csv", "--rows", "0"],
            "--rows 0: expected a whole number from 1 to 40",
        ),
        (["push", "--csv", "x.csv", "--images-per-window", "36"], "does not fit 5x7 cells"),
        (["push", "--csv", "x.csv", "--background", "blurple"], "expected a colour name"),
        (["push", "--csv", "x.csv", "--dry-run"], "cannot read x.csv"),
        (["push", "--resume"], "no push to resume"),
        (["push", "--resume", "--batch-id", "b"], "no push of batch 'b' to resume"),
        (["export"], "choose a source"),
        (["export", "--since=last_push"], "--since last_push is for pushes"),
        (["export", "--csv"], "choose a source"),
    ],
)
def test_a_mistake_is_one_line(run: Run, arguments: list[str], said: str) -> None:
    complaint = run(*arguments).complaint
    assert said in complaint
    assert "hunter2" not in complaint


def test_a_stack_that_is_not_deployed_is_one_line(run: Run, rows: str) -> None:
    with mock_aws():
        complaint = run("push", "--csv", rows, "--stack", "prod").complaint
    assert "stack 'prod' is not deployed in us-east-1" in complaint
    assert "pulumi up" in complaint


def test_a_missing_region_is_one_line(run: Run, rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert run("push", "--csv", rows).complaint == "no AWS region: set AWS_REGION"


def test_missing_credentials_are_one_line(
    run: Run, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert "no AWS credentials: set AWS_PROFILE" in run("push", "--csv", rows).complaint


def test_a_profile_that_is_not_there_is_one_line(
    run: Run, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    assert "work" in run("push", "--csv", rows).complaint


def test_an_unreachable_endpoint_is_one_line(
    run: Run, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setattr("stream_ingest.aws.clients.CONFIG", None)
    assert "127.0.0.1:1" in run("push", "--csv", rows).complaint


def test_a_dry_run_of_a_file_says_what_would_be_sent(run: Run, rows: str) -> None:
    outcome = run("push", "--csv", rows, "--dry-run", "--batch-id", "b7")
    assert outcome.code == 0
    assert outcome.out == ""
    assert "batch b7: dry run\n" in outcome.err
    assert "3 rows read, 1 would be pushed in 1 record, 2 refused" in outcome.err
    assert "sent" not in outcome.err
    assert "refused as bad_date: 1" in outcome.err


def test_options_narrow_a_dry_run_down(run: Run, rows: str) -> None:
    def read(*options: str) -> int:
        outcome = run("push", "--csv", rows, "--dry-run", "--json", *options)
        return int(json.loads(outcome.out)["rows_read"])

    assert read() == 3
    assert read("--creator", "ann") == 2
    assert read("--creator", "ann", "--creator", "ben") == 3
    assert read("--since", "2026-11-02") == 1
    assert read("--until", "2026-11-02") == 3


def test_a_dry_run_of_a_file_needs_no_aws_at_all(rows: str, tmp_path: Path) -> None:
    """The installed program, with nothing in its environment and nowhere to connect to."""
    program = Path(sys.executable).with_name("stream-ingest")
    done = subprocess.run(  # noqa: S603 - our own program
        [program, "push", "--csv", rows, "--dry-run", "--json"],
        env={"PATH": os.defpath, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{4}", report.pop("batch_id"))
    assert report.pop("seconds") >= 0
    assert report.pop("bytes") > 0
    assert report == {
        "rows_read": 3,
        "rows_again": 0,
        "rows_sent": 1,
        "refused": {"bad_json": 1, "bad_date": 1},
        "records": 1,
        "progress": None,
        "rejected": None,
    }


def test_the_address_may_come_from_the_environment(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYSQL_URL", "mysql://u:hunter2@127.0.0.1:1/db")
    complaint = run("push", "--dry-run").complaint
    assert "cannot open mysql://u@127.0.0.1:1/db" in complaint
    assert "hunter2" not in complaint


def test_help_shows_no_password_of_the_environment(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYSQL_URL", "mysql://u:hunter2@127.0.0.1:1/db")
    outcome = run("push", "--help")
    assert outcome.code == 0
    assert "--mysql" in outcome.out
    assert "hunter2" not in outcome.out


@pytest.mark.parametrize(
    "arguments", [["push", "--nonsense"], ["nonsense"], ["push", "--rows", "x"]]
)
def test_usage_errors_have_no_traceback(run: Run, arguments: list[str]) -> None:
    outcome = run(*arguments)
    assert outcome.code == 2
    assert "Traceback" not in outcome.err
    assert outcome.out == ""


def test_the_version_is_that_of_the_installed_package(run: Run) -> None:
    outcome = run("--version")
    assert outcome.code == 0
    assert outcome.out == f"stream-ingest {version('coverstream')}\n"


@pytest.mark.parametrize("command", ["push", "export", "submit"])
def test_the_help_of_every_command_has_an_example(run: Run, command: str) -> None:
    outcome = run(command, "--help")
    assert outcome.code == 0
    assert f"stream-ingest {command} --" in outcome.out.partition("Example")[2] or (
        f"stream-ingest {command} covers.csv" in outcome.out
    )
