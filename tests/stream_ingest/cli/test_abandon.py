"""`stream-ingest abandon`, and what becomes of a push that comes back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stream_ingest.batches.registry import Totals
from stream_ingest.cli.main import main
from stream_ingest.contracts.errors import TransientError
from stream_ingest.push import abandon as module
from stream_ingest.push.checkpoint import Checkpoint, folder, unfinished
from stream_ingest.records.codec import BUCKETS, unpack
from stream_ingest.windowing.delivery import read_delivery
from tests.fakes.ingest.delivery import kinesis_event
from tests.fakes.ingest.kinesis import FakeKinesis, raising
from tests.fakes.ingest.rows import cover_url, header
from tests.stream_ingest.cli.conftest import OUTPUTS, Deployed, Push

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def abandon(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.setattr(module, "stack_outputs", lambda _: OUTPUTS)
    monkeypatch.setattr("stream_ingest.cli.abandon.stack_outputs", lambda _: OUTPUTS)
    assert deployed.kinesis.stored == []

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["stream-ingest", "abandon", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        printed = capsys.readouterr()
        return int(caught.value.code or 0), printed.out, printed.err

    return run


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "covers.csv"
    lines = [f"c{n % 3},{cover_url(n)},2026-11-01" for n in range(20)]
    file.write_text("creator_name,cover_url,created_at\n" + "\n".join(lines) + "\n")
    return file


def _throttled(*_: object, **__: object) -> None:
    msg = "the table throttles"
    raise TransientError(msg)


def interrupt(deployed: Deployed, run: Push, rows: Path) -> str:
    """Push a file as batch b onto a stream that refuses; return stderr."""
    deployed.kinesis = FakeKinesis(raising("ExpiredTokenException"))
    code, _, err = run("--csv", str(rows), "--batch-id", "b")
    assert code == 2
    assert unfinished() == ["b"]
    deployed.kinesis = FakeKinesis()
    return err


def test_an_interrupted_push_says_how_to_abandon_it(
    deployed: Deployed, run: Push, rows: Path
) -> None:
    assert "or end it with: stream-ingest abandon b --stack dev" in interrupt(deployed, run, rows)


def test_a_batch_ends_without_its_push(
    deployed: Deployed, run: Push, abandon: Command, rows: Path
) -> None:
    interrupt(deployed, run, rows)
    code, out, err = abandon("b", "--json")
    assert code == 0
    assert "batch b: abandoned by arn:aws:" in err
    assert json.loads(out)["batch_id"] == "b"
    assert unfinished() == []
    marks = [unpack(data) for _, data in deployed.kinesis.stored]
    assert {mark.bucket for mark in marks if mark.last and not mark.rows} == set(range(BUCKETS))
    assert len(marks) == BUCKETS
    aws = deployed.aws
    stored = [data for _, data in deployed.kinesis.stored]
    aws.windowing().process(read_delivery(kinesis_event(stored)))
    for _ in range(2):
        aws.sweeper().sweep()
        aws.clock.advance(61)
    progress = aws.registry.progress("b")
    assert progress is not None
    assert (progress.status, progress.rows_read, progress.refused) == (
        "abandoned",
        20,
        {"not_sent": 20},
    )
    assert aws.bus.details("BatchCompleted")[0]["abandoned_at"] == progress.abandoned_at


def test_a_push_that_comes_back_is_refused_and_sends_nothing(
    deployed: Deployed, run: Push, rows: Path
) -> None:
    """It was abandoned on another machine, so its checkpoint is still here."""
    interrupt(deployed, run, rows)
    deployed.aws.registry.abandon("b", "arn:ann")
    code, _, err = run("--resume", "--batch-id", "b")
    assert code == 2
    assert "batch 'b' was abandoned at" in err
    assert "by arn:ann; nothing more is sent for it" in err
    assert deployed.kinesis.stored == []
    assert unfinished() == []


def test_a_push_that_is_running_elsewhere_stops_before_its_next_chunk(
    deployed: Deployed, run: Push, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = deployed.aws.registry
    register = type(registry).register

    def register_and_be_abandoned(*arguments: object, **options: object) -> None:
        register(*arguments, **options)  # type: ignore[arg-type]  # as it was called
        registry.abandon("b", "arn:ann")

    monkeypatch.setattr(type(registry), "register", register_and_be_abandoned)
    code, _, err = run("--csv", str(rows), "--batch-id", "b")
    assert code == 2
    assert "was abandoned at" in err
    assert "continue with" not in err
    assert deployed.kinesis.stored == []
    assert unfinished() == []


def test_a_batch_whose_checkpoint_is_lost_or_broken_can_be_abandoned(
    deployed: Deployed, run: Push, abandon: Command, rows: Path
) -> None:
    interrupt(deployed, run, rows)
    (folder() / "b.push").write_bytes(b"half a checkpo")
    assert abandon("b")[0] == 0
    assert unfinished() == []
    deployed.aws.registry.register(header("lost"))
    assert abandon("lost")[0] == 0


def test_a_batch_that_this_machine_is_pushing_is_not_abandoned(
    deployed: Deployed, run: Push, abandon: Command, rows: Path
) -> None:
    interrupt(deployed, run, rows)
    checkpoint, _ = Checkpoint.resume("b")
    with checkpoint:
        code, _, err = abandon("b")
    assert code == 2
    assert "batch 'b' is being pushed by another process" in err
    batch = deployed.aws.registry.load("b")
    assert batch is not None
    assert batch.status == "sending"


def test_abandoning_again_before_the_end_sends_the_marks_again(
    deployed: Deployed, abandon: Command
) -> None:
    deployed.aws.registry.register(header("b"))
    deployed.kinesis = FakeKinesis(raising("AccessDeniedException"))
    assert abandon("b")[0] == 2
    deployed.kinesis = FakeKinesis()
    assert abandon("b")[0] == 0
    assert len(deployed.kinesis.stored) == BUCKETS


@pytest.mark.parametrize(
    ("batch_id", "code", "reason"),
    [
        ("unknown", 1, "no batch 'unknown'; `ops-dashboard status` lists them"),
        ("a b", 2, "batch id 'a b': expected 1 to"),
        ("done", 2, "batch 'done' has ended; there is nothing to abandon"),
    ],
)
def test_what_cannot_be_abandoned_is_one_line(
    deployed: Deployed, abandon: Command, batch_id: str, code: int, reason: str
) -> None:
    deployed.aws.registry.register(header("done"))
    deployed.aws.registry.record_totals("done", Totals(), sent=True)
    deployed.aws.registry.move("done", "sent", "ended")
    found, _, err = abandon(batch_id)
    assert (found, reason in err, err.count("\n")) == (code, True, 1)
    assert deployed.kinesis.stored == []


def test_a_push_under_an_id_that_another_push_has_taken_meanwhile_is_refused(
    deployed: Deployed, run: Push, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its host failed at registering, and kept its checkpoint; it mixed the two batches."""
    with monkeypatch.context() as failing:
        failing.setattr(type(deployed.aws.registry), "register", _throttled)
        run("--csv", str(rows), "--batch-id", "b")
    assert unfinished() == ["b"]
    deployed.aws.registry.register(header("b"), "/elsewhere/b.csv", owner="host B")
    code, _, err = run("--resume", "--batch-id", "b")
    assert code == 2
    assert "batch 'b' exists already, from /elsewhere/b.csv" in err
    assert deployed.kinesis.stored == []
    assert unfinished() == []


def test_a_push_that_comes_back_after_its_rows_are_forgotten_is_refused(
    deployed: Deployed, run: Push, abandon: Command, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(deployed, run, rows)
    monkeypatch.setattr("stream_ingest.push.resuming.RESUMABLE_S", -1)
    code, _, err = run("--resume", "--batch-id", "b")
    assert code == 2
    assert "too long to tell which of its last rows had arrived" in err
    assert deployed.kinesis.stored == []
    assert unfinished() == ["b"]
    assert abandon("b")[0] == 0
    assert unfinished() == []
