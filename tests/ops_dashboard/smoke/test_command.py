"""The command as a user runs it: output, exit codes, and clean up whatever happens."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator

import pytest
from moto import mock_aws

from ops_dashboard.smoke import command
from ops_dashboard.smoke.steps import StepResult
from stream_ingest.contracts.errors import UserError
from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.command_line import Commands
from tests.fakes.ops.stack_outputs import stack_outputs

GOOD = StepResult(step="covers", ok=True, seconds=0.1, found="5 stored")
BAD = StepResult(
    step="push",
    ok=False,
    seconds=60.04,
    found="nothing\x1b[2J",
    expected="5 rows sent",
    next=("ops-dashboard doctor --stack dev", "a log"),
)


class Bench:
    """The command with steps of the test's own, in place of those of a stack."""

    def __init__(self, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
        self.commands, self.cleaned, self.cleanup = commands, 0, lambda: "removed 5 covers"
        self.results: Callable[[], Iterator[StepResult]] = lambda: iter([GOOD])
        monkeypatch.setattr(command, "load_stack", lambda _ssm, _stack: stack_outputs())
        monkeypatch.setattr(command, "_build", lambda *_: self)
        monkeypatch.setattr(command, "_clean_up", lambda *_: self.clean_up())

    def steps(self) -> Iterator[StepResult]:
        return self.results()

    def clean_up(self) -> str:
        self.cleaned += 1
        return self.cleanup()

    def run(self, *arguments: str) -> tuple[object, str, str]:
        done = self.commands.run("ops-dashboard", "smoke", *arguments)
        return done.code, done.out, done.err


@pytest.fixture
def commands(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Commands]:
    set_aws_variables(monkeypatch)
    with mock_aws():
        yield Commands(capsys, monkeypatch)


@pytest.fixture
def bench(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(commands, monkeypatch)


def test_a_test_that_passes_prints_each_step_and_ends_with_0(bench: Bench) -> None:
    code, out, err = bench.run()
    first, second, last = out.splitlines()
    assert code == 0
    assert first == "ok      covers        0.1 s  5 stored"
    assert second.startswith("ok      clean up")
    assert second.endswith("removed 5 covers")
    assert last.startswith("passed: stack dev works (")
    assert err.startswith("testing stack dev with batch and creator smoke-")


def test_a_step_that_failed_says_what_to_look_at_and_ends_with_1(bench: Bench) -> None:
    bench.results = lambda: iter([GOOD, BAD])
    code, out, _ = bench.run()
    assert code == 1
    assert out.splitlines()[1:6] == [
        "FAILED  push         60.0 s",
        "        expected   5 rows sent",
        "        found      nothing\\u001b[2J",
        "        next       ops-dashboard doctor --stack dev",
        "        next       a log",
    ]
    assert out.splitlines()[-1].startswith("failed: stack dev, at push (")
    assert bench.cleaned == 1


def test_what_could_not_be_removed_is_a_failure(bench: Bench) -> None:
    def denied() -> str:
        raise command.TransientError("slow")  # noqa: EM101 - as AWS says it

    bench.cleanup = denied
    code, out, _ = bench.run()
    assert code == 1
    assert "FAILED  clean up" in out
    assert out.splitlines()[-1].startswith("failed: stack dev, at clean up (")


def test_json_has_every_step(bench: Bench) -> None:
    bench.results = lambda: iter([GOOD, BAD])
    code, out, _ = bench.run("--json")
    report = json.loads(out)
    assert code == 1
    assert (report["stack"], report["ok"]) == ("dev", False)
    assert [step["step"] for step in report["steps"]] == ["covers", "push", "clean up"]
    assert report["steps"][1]["next"] == list(BAD.next)


def test_keep_removes_nothing_and_says_where_it_is(bench: Bench) -> None:
    code, _, err = bench.run("--keep")
    assert (code, bench.cleaned) == (0, 0)
    assert "kept: ops-dashboard status --stack dev --batch smoke-" in err


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Let SIGINT interrupt, which a job in the background of a shell ignores."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_test_cleans_up(bench: Bench, sign: signal.Signals) -> None:
    def interrupted() -> Iterator[StepResult]:
        yield GOOD
        signal.raise_signal(sign)
        yield BAD

    bench.results = interrupted
    code, out, err = bench.run()
    assert (code, bench.cleaned) == (130, 1)
    assert "FAILED" not in out
    assert "removing what the test has stored" in err


@pytest.mark.parametrize(
    ("error", "expected"), [(UserError("links are too long"), 2), (ZeroDivisionError(), None)]
)
def test_a_test_that_cannot_go_on_cleans_up(
    bench: Bench, error: Exception, expected: int | None
) -> None:
    def stopped() -> Iterator[StepResult]:
        yield GOOD
        raise error

    bench.results = stopped
    if expected is None:
        with pytest.raises(type(error)):
            bench.run()
    else:
        assert bench.run()[0] == expected
    assert bench.cleaned == 1


def test_sigterm_ends_other_code_as_before(bench: Bench) -> None:
    before = signal.getsignal(signal.SIGTERM)
    bench.run()
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_stack_that_is_not_deployed_cannot_be_tested(commands: Commands) -> None:
    done = commands.run("ops-dashboard", "smoke", "--stack", "gone")
    assert done.code == 2
    assert "gone" in done.err
    assert done.out == ""


def test_pillow_is_needed(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed wheel has no Pillow."""
    monkeypatch.setattr(command, "find_spec", lambda _: None)
    done = commands.run("ops-dashboard", "smoke")
    assert done.code == 2
    assert "pip install pillow" in done.err
