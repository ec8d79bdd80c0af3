"""A table that is restored to any earlier moment: nothing is replaced, lost or shown twice.

The account is kept here: rows as they were pushed, images as the metadata of all collages in S3
and the open windows have them.
"""

from __future__ import annotations

from collections import Counter

import pytest

from stream_ingest.contracts.naming import split_window_id
from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from stream_ingest.windowing.repository import CreatorRepository
from tests.fakes.ingest.aws import OUTPUT, TABLE
from tests.faults.harness import restore
from tests.faults.harness.history import BatchPlan, Deliver, History, Push, Step, Sweep, Wait, Work
from tests.faults.harness.history_runner import HistoryRunner, run_steps
from tests.faults.harness.restore import built, snapshot

IDLE = FlushPolicy(idle_s=7_200)
ALL = 30
ROWS = [tuple((n % 3, n) for n in range(start, start + 13)) for start in (0, 9, 20)]
BATCHES = tuple(
    BatchPlan(3, flush, rows) for flush, rows in zip((IDLE, BATCH_END, IDLE), ROWS, strict=True)
)
STEPS: tuple[Step, ...] = tuple(
    step
    for batch in range(3)
    for step in (
        Push(batch, 4),
        Deliver(0, 2),
        Deliver(1, 2),
        Work(times=2),
        Push(batch, ALL),
        Deliver(0, ALL),
        Deliver(1, ALL),
        Work(times=ALL),
        Wait(120),
        Sweep(drained=True),
        Sweep(),
        Work(times=ALL),
    )
)


def drain(run: HistoryRunner) -> None:
    """Let the pipeline do all that it has to, but for windows that wait for more images."""
    account = run.account
    for _ in range(4):
        for lane in account.lanes:
            while lane.poll():
                pass
        account.sweep()
        while account.queue.visible():
            account.work()
        account.clock.advance(901)
        account.dynamodb.indexes.catch_up()


def shown(run: HistoryRunner) -> Counter[tuple[str, str]]:
    """Return how often each image of a creator is in a collage or an open window."""
    store = CreatorRepository(run.account.dynamodb, TABLE)  # type: ignore[arg-type]  # a fake
    states = store.load([key for key, item in run.account.dynamodb.items if item == "state"])
    waiting = [
        (state.creator, image.known_as)
        for state in states.values()
        for window in state.open.values()
        for image in window.images
    ]
    cells = [
        (each.creator, cell.identity) for each in built(run.account).values() for cell in each.cells
    ]
    return Counter(waiting + cells)


def pushed(run: HistoryRunner) -> set[tuple[str, str]]:
    return {(row.creator, row.identity) for batch in run.batches for row in batch.rows}


@pytest.mark.parametrize("at", range(0, len(STEPS), 3))
def test_each_image_is_there_once_and_nothing_is_replaced_after_a_restore(at: int) -> None:
    with run_steps(History(batches=BATCHES, steps=STEPS[:at])) as run:
        backup = snapshot(run.account)
        for step in STEPS[at:]:
            run.step(step)
        while run.account.queue.visible():
            run.account.work()
        before = {key: run.account.s3.read(OUTPUT, key) for key in run.account.s3.keys(OUTPUT)}
        windows = {each.window_id for each in built(run.account).values()}
        restore.restore(run.account, backup)
        drain(run)
        assert before.items() <= {key: run.account.s3.read(OUTPUT, key) for key in before}.items()
        new = {each.window_id for each in built(run.account).values()} - windows
        assert all(split_window_id(each)[1] > 10**11 for each in new)
        assert shown(run) == Counter(dict.fromkeys(pushed(run), 1))


def test_without_the_command_nothing_is_replaced_or_lost_and_images_are_shown_again() -> None:
    at = len(STEPS) // 2
    with run_steps(History(batches=BATCHES, steps=STEPS[:at])) as run:
        backup = snapshot(run.account)
        for step in STEPS[at:]:
            run.step(step)
        before = {key: run.account.s3.read(OUTPUT, key) for key in run.account.s3.keys(OUTPUT)}
        restore.restore(run.account, backup, adopts=False)
        drain(run)
        assert before.items() <= {key: run.account.s3.read(OUTPUT, key) for key in before}.items()
        found = shown(run)
        assert found.keys() == pushed(run)
        assert max(found.values()) == 2
