"""The operator's command line against the embedded AWS: listings, timelines, the doctor."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from stream_ingest.contracts.creators import creator_of
from stream_ingest.contracts.naming import creator_key, window_id
from tests.end_to_end.pipeline import Pipeline
from tests.end_to_end.samples import make_sample, plain_creator, write_rows
from tests.fakes.command_line import Commands

pytestmark = pytest.mark.timeout(240)

HOSTILE = "\u202eevil[red]<b>x"
"""With a right-to-left override, which is no part of a creator's name."""
HOSTILE_NAME = creator_of(HOSTILE)
HOSTILE_WINDOW = window_id(creator_key(HOSTILE_NAME), 1)
BATCH = "operator"


@pytest.fixture(scope="module")
def operated(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """Two creators, one with a hostile name: 37 covers and 3; one of the windows is not full."""
    creators = [plain_creator("op.one", 61, 37), plain_creator(HOSTILE, 62, 3)]
    sample = make_sample(pipeline.covers, creators, seed=41, awkward=False)
    path = write_rows(sample, tmp_path_factory.mktemp("operator"), "rows.csv")
    pipeline.push(f"--csv={path}", "--flush", f"--batch-id={BATCH}")
    waiting = make_sample(pipeline.covers, [plain_creator("op.two", 63, 4)], seed=42, awkward=False)
    path = write_rows(waiting, tmp_path_factory.mktemp("operator"), "waiting.csv")
    pipeline.push(f"--csv={path}", "--flush-policy=idle:7d", "--batch-id=operator-waits")
    return pipeline


class Here:
    """`ops-dashboard` in this process, with the variables of the embedded AWS."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands

    def run(self, *arguments: str) -> tuple[object, str, str]:
        """Return exit code, output and error output."""
        done = self._commands.run("ops-dashboard", *arguments)
        return done.code, done.out, done.err

    def ops(self, *arguments: str) -> Any:  # noqa: ANN401 - whatever JSON a command prints
        """Return what a command prints with --json."""
        code, out, err = self.run(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)


@pytest.fixture
def here(operated: Pipeline, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> Here:
    for name, value in operated.aws.environment().items():
        monkeypatch.setenv(name, value)
    return Here(commands)


def test_windows_are_listed_by_batch_status_and_creator(here: Here) -> None:
    listed = here.ops("windows", f"--batch={BATCH}")
    assert listed["next"] is None
    assert {window["window_id"] for window in listed["windows"]} == {
        "op.one:000001",
        "op.one:000002",
        HOSTILE_WINDOW,
    }
    ids = []
    after: list[str] = []
    while True:
        page = here.ops("windows", "--creator=op.one", "--limit=1", *after)
        ids += [window["window_id"] for window in page["windows"]]
        if page["next"] is None:
            break
        after = [f"--after={page['next']}"]
    assert ids == ["op.one:000002", "op.one:000001"]
    completed = here.ops("windows", "--status=completed", f"--batch={BATCH}", "--limit=10000")
    assert len(completed["windows"]) == 3
    everything = here.ops("windows", "--limit=10000")["windows"]
    moments = [window["closed_at"] for window in everything]
    assert moments == sorted(moments, reverse=True)


def test_a_creator_shows_its_open_windows(here: Here) -> None:
    found = here.ops("creators", "op.two")
    (waiting,) = found["creator"]["open"]
    assert (waiting["images"], waiting["size"], waiting["closes_because"]) == (4, 35, "idle")
    assert found["windows"] == []
    found = here.ops("creators", "op.")
    assert found["creator"] is None
    assert [each["creator"] for each in found["creators"]] == ["op.one", "op.two"]


@pytest.mark.parametrize(
    "arguments",
    [("creators", HOSTILE), ("creators",), ("windows",), ("trace", HOSTILE_WINDOW)],
    ids=lambda arguments: arguments[0],
)
def test_a_hostile_name_is_shown_literally(here: Here, arguments: tuple[str, ...]) -> None:
    code, out, err = here.run(*arguments)
    assert code == 0, err
    assert HOSTILE_NAME in out
    assert "\u202e" not in out
    _, as_json, _ = here.run(*arguments, "--json")
    assert as_json.isascii()
    assert HOSTILE_NAME in json.dumps(json.loads(as_json), ensure_ascii=False)


def test_a_timeline_goes_from_the_batch_to_the_objects(here: Here) -> None:
    timeline = here.ops("trace", HOSTILE_WINDOW)
    assert timeline["log_error"] is None
    steps = [step["what"] for step in timeline["steps"]]
    assert steps[0] == f"batch {BATCH} started"
    lines = [what for what in steps if what.startswith(("sweeper", "collage:"))]
    # The sweeper logs a window after it is on the bus; a worker may have it by then.
    assert sorted(lines) == [
        "collage: window ended",
        "collage: window taken up",
        "sweeper: window closed",
    ]
    assert lines.index("collage: window taken up") < lines.index("collage: window ended")
    # A step has all objects of one second, so five objects are one to five steps.
    written = [what.removesuffix(" written") for what in steps if what.endswith(" written")]
    objects = ["collage", "copy by creator", "metadata", "originals", "thumbnail"]
    assert sorted(name for names in written for name in names.split(", ")) == objects
    assert steps.index("window closed") < steps.index(f"{written[0]} written")
    assert sorted(each["what"] for each in timeline["objects"] if each["bytes"]) == objects


def test_a_full_window_names_the_record_that_filled_it(here: Here) -> None:
    timeline = here.ops("trace", "op.one:000001")
    (closed,) = [step for step in timeline["steps"] if step["what"] == "windowing: window closed"]
    facts = closed["facts"]
    assert facts["shard"].startswith("shardId-")
    assert int(facts["sequence_number"]) <= int(facts["last_sequence_number"])
    assert facts["function_request_id"]
    (ended,) = [step for step in timeline["steps"] if step["what"] == "collage: window ended"]
    keys = {each["what"]: each["key"] for each in timeline["objects"]}
    assert ended["facts"]["collage_key"] == keys["collage"]


def test_the_query_alone_needs_no_stack(here: Here) -> None:
    code, out, _ = here.run("trace", "op.one:000001", "--query", "--stack=none")
    assert code == 0
    timeline = here.ops("trace", "op.one:000001")
    assert out == timeline["query"] + "\n"


def test_the_doctor_finds_no_problem_in_a_stack_that_works(here: Here) -> None:
    _, out, _ = here.run("doctor", "--json")
    states = {each["check"]: each["state"] for each in json.loads(out)["findings"]}
    assert states.pop("database") == "skipped"
    # Other tests leave dead letters, raise alarms and switch servers off.
    left = {name for name, state in states.items() if state != "ok"}
    assert left <= {"dead letters", "alarms", "network"}


@pytest.mark.parametrize("option", ["--stack=nope", "--mysql=mysql://u:geheim@127.0.0.1:1/x"])
def test_the_doctor_reports_a_problem_in_one_line_and_exits_1(here: Here, option: str) -> None:
    code, out, err = here.run("doctor", option)
    assert code == 1
    wrong = [line for line in out.splitlines() if line.startswith("wrong")]
    # Other tests raise alarms and switch servers off.
    (line,) = [line for line in wrong if line.split()[1] not in {"alarms", "network"}]
    assert "geheim" not in out + err
    assert "nope" in line or "127.0.0.1" in line


def test_a_batch_is_watched_until_it_has_ended(here: Here) -> None:
    code, out, _ = here.run("status", f"--batch={BATCH}", "--watch", "--json")
    assert code == 0
    assert json.loads(out.splitlines()[-1])["ended"] is True


def test_all_batches_are_watched_until_ctrl_c(operated: Pipeline) -> None:
    command = [Path(sys.executable).with_name("ops-dashboard"), "status", "--watch", "--json"]
    with (
        heeded_ctrl_c(),
        subprocess.Popen(  # noqa: S603 - our own command, no shell
            command, env=operated.variables, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            first = json.loads(process.stdout.readline())
            assert BATCH in {batch["batch_id"] for batch in first}
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()


@contextmanager
def heeded_ctrl_c() -> Iterator[None]:
    """Let processes that start meanwhile heed SIGINT; a shell's jobs behind ``&`` ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("trace", "op.one:000099"), 1, "no window op.one:000099 in stack 'dev'"),
        (("trace", "op.one"), 2, "not a window id: 'op.one'"),
        (("creators", "a\tb"), 2, "not a creator's name"),
        (("windows", "--after=zzz"), 2, "not a cursor of this listing"),
        (("status", "--batch=nope"), 1, "no batch 'nope' in stack 'dev'"),
        (("windows", "--stack=nope"), 2, "stack 'nope' is not deployed"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_an_operators_mistake_is_one_line_with_code_1_or_2(
    here: Here, arguments: tuple[str, ...], code: int, said: str
) -> None:
    found, out, err = here.run(*arguments)
    assert (found, out) == (code, "")
    assert re.fullmatch(f"ops-dashboard: .*{re.escape(said)}.*\n", err)
