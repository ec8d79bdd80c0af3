from __future__ import annotations

import sys

import pytest
import typer

from ops_dashboard.recovery.cli import redrive
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.dlq_command import (
    DeadLetterCommands,
    dropped_lines,
    letter_lines,
    remaining_lines,
)
from ops_dashboard.recovery.drop import Dropped
from ops_dashboard.recovery.letters import Listing
from stream_ingest.contracts.errors import UserError

WINDOW = DeadLetter(
    kind="collage",
    ref="3f0c9a71d2",
    id="m-1",
    when="2026-11-21T10:00:00+00:00",
    why="every attempt to build it failed",
    tries=3,
    about="window ann:000001",
    window_id="ann:000001",
    body='{"detail":{"window_id":"ann:000001"}}',
)
RECORDS = DeadLetter(
    kind="stream",
    ref="b81e5520ac",
    id="aws/lambda/x",
    when="2026-11-21T10:00:00Z",
    why="RecordAgeExceeded on shardId-1",
    tries=None,
    about="7 records of batch b",
    batch_id="b",
    bucket="temp",
    rows=7,
)
FILE = DeadLetter(
    kind="intake",
    ref="11aa22bb33",
    id="m-2",
    when="2026-11-21T10:00:00+00:00",
    why="S3 refuses it",
    tries=3,
    about="file s3://in/csv-files/a.csv",
    batch_id="csv-a",
    file="s3://in/csv-files/a.csv",
)


def test_a_letter_is_shown_with_its_body_indented() -> None:
    assert list(letter_lines(WINDOW)) == [
        "id:      3f0c9a71d2 (m-1)",
        "kind:    collage",
        "when:    2026-11-21T10:00:00+00:00",
        "about:   window ann:000001",
        "window:  ann:000001",
        "tries:   3",
        "why:     every attempt to build it failed",
        "body:",
        "  {",
        '    "detail": {',
        '      "window_id": "ann:000001"',
        "    }",
        "  }",
    ]
    assert "tries:   not counted" in list(letter_lines(RECORDS))


@pytest.mark.parametrize(
    ("letter", "abandoned", "missing"),
    [
        (WINDOW, None, "the sweeper marks it as failed"),
        (RECORDS, None, "batch b counts its rows as quarantined"),
        (FILE, "csv-a", "batch csv-a is abandoned: it ends with the rows that were sent"),
        (FILE, None, "`stream-ingest abandon csv-a` ends it"),
    ],
)
def test_what_was_dropped_says_its_copy_and_what_is_missing(
    letter: DeadLetter, abandoned: str | None, missing: str
) -> None:
    dropped = Dropped(letter=letter, copy="failed/dropped/x", abandoned=abandoned)
    lines = list(dropped_lines(dropped, "out"))
    assert lines[1] == "  copy: s3://out/failed/dropped/x"
    assert missing in lines[2]


def test_what_remains_says_whether_the_limit_or_another_reader_is_the_reason() -> None:
    found = Listing(letters=[WINDOW], remaining={"collage": 12_345})
    assert list(remaining_lines(found, 1)) == [
        "about 12,345 more of collage: --limit 0 lists all of them"
    ]
    (line,) = remaining_lines(found, 10)
    assert "somebody else reads them" in line


class Parts:
    """Letters and what drops them, without AWS."""

    def __init__(self) -> None:
        self.letters = self.drop = self
        self.dropped: list[DeadLetter] = []

    def find(self, _names: object, _report: object = None) -> list[DeadLetter]:
        return [WINDOW]

    def run(self, chosen: list[DeadLetter]) -> list[Dropped]:
        self.dropped += chosen
        return [Dropped(letter=each, copy="x") for each in chosen]


@pytest.fixture
def commands() -> DeadLetterCommands:
    made = object.__new__(DeadLetterCommands)
    made._parts, made._bucket = Parts(), "out"  # type: ignore[assignment]
    return made


def dropped_by(commands: DeadLetterCommands) -> list[DeadLetter]:
    parts: Parts = commands._parts  # type: ignore[assignment]  # noqa: SLF001 - as above
    return parts.dropped


@pytest.mark.parametrize(("is_terminal", "answer"), [(False, True), (True, False)])
def test_nothing_is_dropped_without_a_yes(
    commands: DeadLetterCommands,
    monkeypatch: pytest.MonkeyPatch,
    is_terminal: bool,  # noqa: FBT001 - both ways
    answer: bool,  # noqa: FBT001 - both ways
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: is_terminal)
    monkeypatch.setattr(typer, "confirm", lambda *_, **__: answer)
    with pytest.raises(UserError, match="nothing was dropped"):
        commands.drop(["3f0c9a71d2"], yes=False, json=False)
    assert dropped_by(commands) == []


def test_a_letter_is_dropped_after_a_yes(
    commands: DeadLetterCommands, capsys: pytest.CaptureFixture[str]
) -> None:
    commands.drop(["3f0c9a71d2"], yes=True, json=False)
    assert dropped_by(commands) == [WINDOW]
    assert "dropped 3f0c9a71d2 (collage): window ann:000001" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("letters", "window", "every"),
    [([], None, False), (["a"], None, True), (["a"], "ann:000001", False), ([], "x:1", True)],
)
def test_a_redrive_takes_exactly_one_selection(
    letters: list[str],
    window: str | None,
    every: bool,  # noqa: FBT001 - as typer passes it
) -> None:
    with pytest.raises(UserError, match="give either ids of dead letters, --window ID or --all"):
        redrive(letters, window=window, every=every)
