"""The steps of a smoke test, on a table and buckets in which a stack of the test's own works."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from PIL import Image

from ops_dashboard.doctor.findings import Finding
from ops_dashboard.smoke import smoke as module
from ops_dashboard.smoke.covers import COVERS, WINDOWS, cover
from ops_dashboard.smoke.smoke import SETTINGS, Smoke
from ops_dashboard.smoke.steps import StepResult
from ops_dashboard.smoke.waiting import Waiting
from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.events import WindowReady
from stream_ingest.push.counting import PushReport
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.source_options import SourceOptions
from tests.fakes.ingest.aws import OUTPUT, TEMP
from tests.fakes.ops.erase_bench import EraseBench
from tests.fakes.ops.stack_outputs import stack_outputs
from tests.fakes.ops.table import OpsTable

NAME = "smoke-20261106-120000-a1b2"


class Causes:
    """Nothing is wrong."""

    def wrong_parts(self) -> list[Finding]:
        return []

    def errors(self, functions: Iterable[str]) -> list[str]:
        return [f"the log of {name} says: x" for name in functions]


class FakeStack:
    """Makes windows and collages of what is pushed; a test replaces what it breaks."""

    def __init__(self, bench: EraseBench) -> None:
        self.bench, self.aws = bench, bench.aws
        self.cells: Callable[[int], list[int | None]] = lambda window: [*WINDOWS[window]]
        self.end: dict[str, Any] = {"status": "completed"}
        self.replayed: dict[str, Any] = {"status": "completed"}
        self.is_built_again, self.closes_at_end = True, True
        self.rows: list[dict[str, str]] = []

    def client(self, name: str, config: object) -> Any:  # noqa: ANN401, ARG002 - a session's client
        return (
            SimpleNamespace(send_message_batch=self.rebuild)
            if name == "sqs"
            else self.aws.clients[name]
        )

    def push(self, chosen: SourceOptions, header: BatchHeader, _stack: str) -> PushReport:
        assert chosen.csv is not None
        assert header.settings == SETTINGS
        self.rows = list(csv.DictReader(io.StringIO(chosen.csv.read_text())))
        self.aws.registry.register(header)
        self.bench.fold(NAME, range(700, 700 + COVERS), header)
        self.aws.registry.record_totals(NAME, Totals(rows_read=5, rows_sent=5), sent=True)
        self.build(0, self.end)
        if self.closes_at_end:
            self.aws.registry.record_drained(NAME, set(range(128)))
            self.aws.sweeper().sweep_batch(NAME)
            self.build(1, self.end)
        return PushReport(batch_id=NAME, rows_read=COVERS, rows_sent=COVERS)

    def build(self, window: int, end: dict[str, Any]) -> None:
        """End a window, with a collage of covers in its cells."""
        picture = Image.new("RGB", (600, 200), SETTINGS.layout.background)
        for index, number in enumerate(self.cells(window)):
            with Image.open(io.BytesIO(cover(NAME, number or 0))) as whole:
                picture.paste(whole.resize((200, 200)), (200 * index, 0))
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=95)
        key = f"collages/{window}.jpg"
        self.aws.s3.put_object(Bucket=OUTPUT, Key=key, Body=data.getvalue())
        self.aws.set_item(NAME, f"window#00000{window + 1}", collage_key=key, **end)

    def rebuild(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - AWS's names
        """Do what the collage function does with a message."""
        assert QueueUrl == stack_outputs().collage_queue_url
        (entry,) = Entries
        body = msgspec.json.decode(entry["MessageBody"])
        assert msgspec.convert(body["detail"], WindowReady).window_id == f"{NAME}:000001"
        end = {**self.replayed, "replayed_as": body["replay-name"]}
        if self.is_built_again:
            self.build(0, end)
        else:
            self.aws.set_item(NAME, "window#000001", **end)
        return {}


class Bench:
    def __init__(self, stack: FakeStack) -> None:
        self.stack, self.now_s = stack, 0.0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def run(self) -> list[StepResult]:
        waiting = Waiting(
            Causes(), stack="dev", clock=lambda: self.now_s, sleep=self.sleep, say=lambda _: None
        )
        session: Any = self.stack
        test = Smoke(session, stack_outputs(), waiting, name=NAME, limit_s=60, first_limit_s=300)
        return list(test.steps())

    def failure(self) -> StepResult:
        """Return the last step, the only one that failed."""
        *passed, failed = self.run()
        assert all(step.ok for step in passed)
        assert not failed.ok
        return failed


@pytest.fixture
def bench(ops_table: OpsTable, monkeypatch: pytest.MonkeyPatch) -> Bench:
    stack = FakeStack(EraseBench(ops_table.aws))
    monkeypatch.setattr(module, "push", stack.push)
    return Bench(stack)


def test_a_stack_that_works_passes_every_step(bench: Bench) -> None:
    steps = bench.run()
    assert [step.step for step in steps if step.ok] == [
        "covers",
        "push",
        "windowing",
        "collage",
        "batch end",
        "cells",
        "replay",
    ]
    rows = bench.stack.rows
    assert {row["creator_name"] for row in rows} == {NAME}
    assert len({row["cover_url"].partition("?")[0] for row in rows}) == COVERS
    assert all(f"debug/smoke/{NAME}/" in row["cover_url"] for row in rows)
    assert (
        len([key for key in bench.stack.aws.keys_in(TEMP) if NAME in key and "smoke/" in key])
        == COVERS
    )


def test_a_wrong_cell_fails(bench: Bench) -> None:
    bench.stack.cells = lambda window: [0, 2, 1] if window == 0 else [3, 4]
    failed = bench.failure()
    assert failed.step == "cells"
    assert "cell 2 shows cover 3 instead of cover 2" in failed.found


def test_a_window_with_missing_covers_fails_at_once(bench: Bench) -> None:
    bench.stack.end = {"status": "partial", "failures": {"blocked_address": 2}}
    failed = bench.failure()
    assert (failed.step, bench.now_s) == ("collage", 0)
    assert failed.found == f"window {NAME}:000001 is partial (2 blocked_address)"
    assert "setting allowedSources" in failed.next[0]


def test_a_window_that_nobody_builds_fails_at_its_limit(bench: Bench) -> None:
    bench.stack.end = {"status": "queued"}
    failed = bench.failure()
    assert (failed.step, bench.now_s) == ("collage", 60)
    assert "the collage function has not taken it" in failed.found
    assert "the log of collage says: x" in failed.found


def test_a_batch_that_does_not_end_says_how_far_it_is(bench: Bench) -> None:
    bench.stack.closes_at_end = False
    failed = bench.failure()
    assert (failed.step, bench.now_s) == ("batch end", 60)
    assert f"window {NAME}:000002 is open, batch {NAME} is sent: 0 of 128 end marks" in failed.found


def test_rows_that_are_not_read_fail_at_the_limit_of_the_first(bench: Bench) -> None:
    bench.stack.bench.fold = lambda *_: None  # type: ignore[method-assign] # nobody reads
    bench.stack.build = lambda *_: None  # type: ignore[method-assign] # there is no window
    failed = bench.failure()
    assert (failed.step, bench.now_s) == ("windowing", 300)
    assert failed.expected == f"window {NAME}:000001 with its 3 covers within 300 s"


def test_a_replay_that_builds_nothing_fails(bench: Bench) -> None:
    """The collage is deleted before, so that one that was never built again is noticed."""
    bench.stack.is_built_again = False
    failed = bench.failure()
    assert failed.step == "replay"
    assert failed.found == f"s3://{OUTPUT}/collages/0.jpg does not exist"


def test_a_replay_that_loses_covers_fails(bench: Bench) -> None:
    bench.stack.replayed = {"status": "completed", "kept_because": "1 of 3 images"}
    failed = bench.failure()
    assert failed.step == "replay"
    assert "1 of 3 images" in failed.found


def test_a_bucket_that_does_not_exist_fails_the_step_that_needs_it(bench: Bench) -> None:
    s3 = bench.stack.aws.s3
    for key in bench.stack.aws.keys_in(TEMP):
        s3.delete_object(Bucket=TEMP, Key=key)
    s3.delete_bucket(Bucket=TEMP)
    failed = bench.failure()
    assert failed.step == "covers"
    assert "NoSuchBucket" in failed.found


def test_links_that_are_too_long_for_a_row_cannot_be_tested(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session token is part of a link, and some have thousands of characters."""
    monkeypatch.setattr(module, "MAX_URL_LENGTH", 100)
    with pytest.raises(UserError, match="session token"):
        bench.run()
