from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import typer
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from stream_ingest.cli.progress import show_progress
from stream_ingest.cli.terminal import run, say
from stream_ingest.contracts.errors import DecodeError, NotFoundError, TransientError, UserError


def app_that(does: Callable[[], None]) -> typer.Typer:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(does)
    return app


def raising(error: BaseException) -> typer.Typer:
    def command() -> None:
        raise error

    return app_that(command)


DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetParameter")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (UserError("no such table"), 2, "no such table"),
        (NotFoundError("no such window"), 1, "no such window"),
        (TransientError("stream gone"), 1, "stream gone"),
        (DecodeError("bad parameter"), 1, "bad parameter"),
        (NoCredentialsError(), 2, "no AWS credentials"),
        (NoRegionError(), 2, "no AWS region: set AWS_REGION"),
        (ProfileNotFound(profile="work"), 2, "work"),
        (EndpointConnectionError(endpoint_url="http://127.0.0.1:1"), 2, "http://127.0.0.1:1"),
        (DENIED, 2, "AccessDenied"),
    ],
)
def test_an_error_is_one_line_and_its_exit_code(
    error: Exception, code: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("sys.argv", ["stream-ingest"])
    with pytest.raises(SystemExit) as caught:
        run(raising(error), "stream-ingest")
    printed = capsys.readouterr()
    assert caught.value.code == code
    assert printed.err.startswith("stream-ingest: ")
    assert line in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


@pytest.mark.parametrize(("no_color", "begins"), [("", "\x1b[31m"), ("1", "stream-ingest: ")])
def test_an_error_is_coloured_on_a_terminal_only(
    no_color: str, begins: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("sys.argv", ["stream-ingest"])
    monkeypatch.setenv("NO_COLOR", no_color)
    with pytest.raises(SystemExit):
        run(raising(UserError("no such table")), "stream-ingest")
    assert terminal.getvalue().startswith(begins)
    assert terminal.getvalue().endswith(" no such table\n")


def test_a_bug_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["stream-ingest"])
    with pytest.raises(ZeroDivisionError):
        run(raising(ZeroDivisionError()), "stream-ingest")


def test_success_is_exit_code_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["stream-ingest"])
    with pytest.raises(SystemExit) as caught:
        run(app_that(lambda: None), "stream-ingest")
    assert caught.value.code == 0


def test_messages_go_to_stderr_not_stdout(capsys: Capture) -> None:
    say("hello")
    assert capsys.readouterr() == ("", "hello\n")


def test_progress_without_a_terminal_is_a_line_every_two_seconds(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([0.0, 0.5, 2.0, 2.0, 3.9])
    monkeypatch.setattr("stream_ingest.cli.progress.time.monotonic", lambda: next(moments))
    with show_progress("batch b") as report:
        report("1 row", 1, None)
        report("2 rows", 2, None)
        report("3 rows", 3, None)
    assert capsys.readouterr().err == "batch b: 2 rows\n"


Capture = pytest.CaptureFixture[str]
