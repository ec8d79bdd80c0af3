"""Histories that once violated an invariant, in their shortest form."""

from __future__ import annotations

import pytest

from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from stream_ingest.contracts.watermarks import WATERMARK_LIFE_S
from tests.faults.harness.checks.invariants import check_invariants
from tests.faults.harness.checks.mysql_rows import check_rows, images_in_windows
from tests.faults.harness.corruption import WAYS
from tests.faults.harness.history import (
    BatchPlan,
    Corrupt,
    Deliver,
    History,
    IndexLag,
    Push,
    Replay,
    Resume,
    Rival,
    Step,
    Sweep,
    ToggleImage,
    Wait,
    Work,
)
from tests.faults.harness.history_runner import run_to_end
from tests.faults.harness.injector import Fault, Faults, Kind
from tests.faults.harness.mysql.steps import Follow, Insert, MysqlPlan, StopFollower
from tests.faults.harness.simulated_account import MAX_RECEIVES
from tests.faults.harness.wiring import Clients, registry

NEVER = FlushPolicy(kind="never")
ALL = 20
FIRST_BATCH = (Push(0, ALL), Deliver(0, ALL), Deliver(1, ALL))
SECOND_BATCH = (Push(1, ALL), Deliver(0, ALL), Deliver(1, ALL))
TWO_BATCHES_OF_ONE_CREATOR = (BatchPlan(3, NEVER, ((0, 0),)), BatchPlan(3, NEVER, ((0, 1),)))


def ends_right(batches: tuple[BatchPlan, ...], *steps: Step) -> None:
    with run_to_end(History(batches=batches, steps=steps)) as run:
        check_invariants(run.account, run.batches)


def test_a_tally_that_moves_while_it_is_counted_is_not_counted_as_quarantined() -> None:
    """The sweeper read tallies, then states; another batch's fold moved one in between."""
    reading = (Fault(Kind.PAUSED_AFTER, operation="batch_get_item"),)
    ends_right(
        TWO_BATCHES_OF_ONE_CREATOR,
        *FIRST_BATCH,
        Wait(61),
        Sweep(faults=reading),
        *SECOND_BATCH,
        Resume(0),
    )


@pytest.mark.parametrize("seed", range(6))
def test_a_creator_missing_from_the_index_is_not_counted_as_quarantined(seed: int) -> None:
    """Its state is the next batch's already, and its tally not visible yet."""
    ends_right(
        TWO_BATCHES_OF_ONE_CREATOR, *FIRST_BATCH, Wait(61), IndexLag(seed), *SECOND_BATCH, Sweep()
    )


@pytest.mark.parametrize("seed", range(16))
def test_a_creator_twice_in_the_index_does_not_replace_a_missing_one(
    seed: int,
) -> None:
    """Ann's tally has moved to the next batch, Ben's state is new, and both have as many rows."""
    flushed = BatchPlan(3, BATCH_END, ((0, 0), (0, 1), (1, 0), (1, 1)), chunk_rows=2)
    next_one = BatchPlan(3, NEVER, ((0, 2),))
    ends_right(
        (flushed, next_one),
        Push(0, 2),
        Deliver(0, ALL),
        Deliver(1, ALL),
        IndexLag(seed),
        *FIRST_BATCH,
        *SECOND_BATCH,
        Sweep(),
    )


def test_a_slow_worker_without_images_overwrites_no_metadata() -> None:
    """Metadata and thumbnail were put unconditionally; only the collage was fenced."""
    slow = (Fault(Kind.PAUSED_BEFORE, operation="put_object"),)
    ends_right(
        (BatchPlan(1, NEVER, ((0, 0),)),),
        *FIRST_BATCH,
        ToggleImage(0),
        Work(faults=slow),
        ToggleImage(0),
        Wait(800),
        Work(),
        Resume(0),
    )


def test_a_replay_that_dies_does_not_turn_a_collage_into_a_failure() -> None:
    """The sweeper gave up on windows by all the attempts that there ever were."""
    dies = (Fault(Kind.KILLED_AFTER, operation="update_item"),)
    ends_right(
        (BatchPlan(1, NEVER, ((0, 0),)),),
        *FIRST_BATCH,
        Work(),
        Replay(0),
        *(Work(faults=dies), Wait(800)) * MAX_RECEIVES,
        Sweep(),
    )


def test_a_chunk_that_is_sent_again_after_its_batch_is_forgotten_does_not_keep_it_open() -> None:
    """Its rows count a second time, as duplicates; the batch waited for ever to be settled."""
    dies = (Fault(Kind.KILLED_AFTER, operation="put_records"),)
    first = BatchPlan(3, NEVER, ((0, 0), (0, 1), (0, 2)))
    second = BatchPlan(3, NEVER, ((0, 3), (0, 4)))
    steps = (
        Push(0),
        Push(0, 1, dies),
        Deliver(0, ALL),
        Deliver(1, ALL),
        Wait(WATERMARK_LIFE_S),
        *SECOND_BATCH,
    )
    with run_to_end(History(batches=(first, second), steps=steps)) as run:
        progress = registry(Clients(run.account, Faults())).progress("batch-0")
        assert progress is not None
        assert (progress.status, progress.rows_sent, progress.rows_accepted) == ("ended", 3, 3)
        assert progress.refused == {}


def test_another_push_under_the_id_of_a_batch_is_refused_at_any_time() -> None:
    """Two pushes took each other's rows for their own repeated ones: most images were lost."""
    batch = BatchPlan(3, BATCH_END, ((0, 0), (0, 1), (1, 2)), chunk_rows=2)
    ends_right(
        (batch,),
        Push(0),
        Rival(0),
        Push(0, 1, (Fault(Kind.KILLED_AFTER, operation="put_records"),)),
        Rival(0),
        *FIRST_BATCH,
        Rival(0),
        Sweep(),
        Wait(61),
        Sweep(),
        Rival(0),
    )


@pytest.mark.parametrize("by_time", [True, False])
def test_a_follower_that_starts_after_a_night_reads_the_whole_overlap(*, by_time: bool) -> None:
    """It dropped the full read that ended yesterday's batch, and went on by the newest keys.

    A transaction that committed after the last read of yesterday was never read.
    """
    steps = (Insert(0, 1, slow=0.4, old=True), Insert(1, 2), Follow(), StopFollower())
    night = (Wait(86_400), Follow(), Follow(), StopFollower(killed=True))
    plan = MysqlPlan(by_time=by_time, flush=NEVER)
    with run_to_end(History(batches=(), steps=(*steps, *night), mysql=plan)) as run:
        assert run.mysql
        check_invariants(run.account, run.batches)
        check_rows(run.account, run.mysql)


def test_a_state_that_was_repaired_closes_its_windows_with_their_batch() -> None:
    """Without its tally it had no entry in the batch's index, and waited a week for its idle time.

    That every batch and window ends is what `run_to_end` checks.
    """
    steps = (*FIRST_BATCH, Corrupt(0, WAYS.index(("accepted", {"S": "many"}))))
    with run_to_end(History(batches=(BatchPlan(2, BATCH_END, ((0, 0),)),), steps=steps)) as run:
        assert sum(images_in_windows(run.account).values()) == 1
