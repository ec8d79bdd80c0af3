from __future__ import annotations

from datetime import UTC, datetime

import pytest

from collage_lambda.cancelled_runs import CancelledRuns
from collage_lambda.outcomes import Ending
from ops_dashboard.recovery.replay import replay_name
from ops_dashboard.recovery.runs.run import Kind, Run, State
from ops_dashboard.recovery.runs.store import RunStore
from tests.fakes.collage.aws import TABLE
from tests.fakes.collage.worker_bench import WorkerBench

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
NAME = replay_name("replay", NOW)


def save(bench: WorkerBench, state: State) -> None:
    """Write the run, as the console or a command does."""
    RunStore(bench.aws.dynamodb, TABLE, lambda: NOW).save(
        Run(
            name=NAME,
            kind=Kind.REPLAY,
            about="ann",
            owner="ana@laptop",
            state=state,
            started_at=NOW,
            updated_at=NOW,
        )
    )


def test_windows_of_a_cancelled_run_stay_as_they_are(bench: WorkerBench) -> None:
    event = bench.event("body/0")
    bench.work(event)
    before = bench.aws.window(event.window_id)
    save(bench, State.CANCELLED)
    bench.server.hits.clear()
    assert bench.work(event, replay=NAME).ending is Ending.CANCELLED
    assert bench.aws.window(event.window_id) == before
    assert not bench.server.hits
    assert bench.work(event, replay=replay_name("replay")).ending is Ending.CREATED


def test_a_message_without_a_replay_is_built_whatever_was_cancelled(bench: WorkerBench) -> None:
    save(bench, State.CANCELLED)
    assert bench.work(bench.event("body/0")).ending is Ending.CREATED


def test_a_run_that_was_not_cancelled_is_built(bench: WorkerBench) -> None:
    event = bench.event("body/0")
    bench.work(event)
    save(bench, State.BUILDING)
    assert bench.work(event, replay=NAME).ending is Ending.CREATED


@pytest.mark.parametrize(("waited_s", "seen"), [(1, False), (6, True)])
def test_a_process_sees_within_seconds_that_a_run_was_cancelled(
    bench: WorkerBench, waited_s: int, *, seen: bool
) -> None:
    clock = [1_000.0]
    runs = CancelledRuns(bench.aws.dynamodb, TABLE, lambda: clock[0])
    assert not runs.includes(NAME)
    save(bench, State.CANCELLED)
    clock[0] += waited_s
    assert runs.includes(NAME) == seen
