"""Files are read exactly once, whatever happens to their messages and to the intake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from tests.faults.harness.call_sites import KINDS
from tests.faults.harness.checks.invariants import check_invariants
from tests.faults.harness.files.service import VISIBILITY_S
from tests.faults.harness.files.steps import (
    Announce,
    Drop,
    DropLetter,
    FilePlan,
    Read,
    ReadAgain,
    RedriveLetter,
)
from tests.faults.harness.history import History, Step, Sweep, Wait
from tests.faults.harness.history_runner import HistoryRunner, run_to_end
from tests.faults.harness.injector import Fault, Kind

FILE = FilePlan(tuple((number % 3, number) for number in range(9)))
MAX_RECEIVES = 3
AFTER_A_CHUNK = (Fault(Kind.KILLED_AFTER, operation="put_object"),)
"""The first chunk is stored, and the job's item does not know it."""
DIES = (Fault(Kind.KILLED_BEFORE, operation="put_records"),)
"""The batch is registered and the first chunk recorded; nothing was sent."""
DEAD = (*(Read(faults=DIES), Wait(VISIBILITY_S)) * MAX_RECEIVES, Read())
"""SQS moves the message to the dead letters."""


def batches_of(*steps: Step) -> tuple[list[bool], HistoryRunner]:
    """Run steps on one file; return for each of its batches whether it was abandoned."""
    with run_to_end(History(batches=(), files=(FILE,), steps=steps)) as run:
        check_invariants(run.account, run.batches)
        return [batch.abandoned for batch in run.batches], run


@pytest.mark.parametrize(
    "steps",
    [
        (Drop(0), Read()),
        (Drop(0), Read(slow=True), Read(slow=True), Read(slow=True)),
        (Drop(0), Announce(0), Read(slow=True), Announce(0), Read(1), Read(2), ReadAgain(0)),
        (Drop(0, announced=False), Wait(400), Sweep(), Read(), Announce(0), Read()),
        (Drop(0, announced=False), Wait(400), Sweep(), Announce(0), Read(1, slow=True), Read(0)),
        (Drop(0), Read(faults=AFTER_A_CHUNK), Wait(VISIBILITY_S), Read()),
        (Drop(0), *DEAD, RedriveLetter(0), Read()),
        (Drop(0), *DEAD, RedriveLetter(0, AFTER_A_CHUNK), Announce(0), Read(), Read()),
    ],
    ids=[
        "at once",
        "in slices",
        "announced three times",
        "found by the sweeper",
        "found and announced",
        "killed between storing and recording a chunk",
        "redriven",
        "redriven and announced",
    ],
)
def test_a_file_is_read_exactly_once(steps: tuple[Step, ...]) -> None:
    abandoned, _ = batches_of(*steps)
    assert abandoned == [False]


def test_a_file_that_is_dropped_again_is_a_batch_of_repeated_rows() -> None:
    abandoned, run = batches_of(Drop(0), Drop(0), Read(1), Read(0))
    assert abandoned == [False, False]
    assert run.files is not None
    assert Counter(each.upload.key for each in run.files.uploads) == {"csv-files/file-0.csv": 2}


def test_a_dropped_letter_ends_the_batch_of_a_file_that_was_read_half_way() -> None:
    """The message was S3's event: the function died each time, and could not replace it by its
    continuation. The batch waited for 15 days, as for a push that is lost.
    """
    abandoned, run = batches_of(Drop(0), *DEAD, DropLetter(0))
    assert abandoned == [True]
    assert run.files is not None
    assert [*run.files.service.dead_letters.messages] == []


def test_a_dropped_letter_ends_the_batch_of_a_file_whose_end_was_not_sent() -> None:
    """All rows were sent, and the function died before the end marks: it waited for 15 days."""
    dies = (*(Read(faults=(Fault(Kind.KILLED_BEFORE),)), Wait(VISIBILITY_S)) * MAX_RECEIVES, Read())
    abandoned, _ = batches_of(Drop(0), *(Read(slow=True),) * 4, *dies, DropLetter(0))
    assert abandoned == [True]


def test_a_dropped_letter_of_a_file_that_never_began_leaves_it_where_it_is() -> None:
    """The sweeper began to read it within an hour, as a file that no job knows."""
    dies = (Fault(Kind.KILLED_BEFORE),)
    steps = (*(Read(faults=dies), Wait(VISIBILITY_S)) * MAX_RECEIVES, Read(), DropLetter(0))
    abandoned, run = batches_of(Drop(0), *steps)
    assert abandoned == []
    assert run.files is not None
    assert run.files.service.bucket.objects["csv-files/file-0.csv"]


@pytest.mark.parametrize("kind", [*KINDS, Kind.THROTTLED])
def test_a_letter_whose_drop_fails_is_dropped_again(kind: Kind) -> None:
    with run_to_end(
        History(batches=(), files=(FILE,), steps=(Drop(0), *DEAD, DropLetter(0)))
    ) as run:
        (calls,) = [each.calls for each in run.account.invocations if each.name == "drop"]
    for nth in range(len(calls)):
        abandoned, run = batches_of(Drop(0), *DEAD, DropLetter(0, (Fault(kind, nth),)))
        assert abandoned == [True]
        assert run.account.injected


@pytest.mark.parametrize("kind", [Kind.LOST, Kind.RETRIED])
def test_a_claim_whose_answer_is_lost_leaves_no_file_unread(kind: Kind) -> None:
    """The message was received again, and redriven, while its own claim kept it from working.

    Another message of the job is not needed while one has the claim: nobody read the file.
    """
    fault = (Fault(kind, operation="put_item"),)
    steps = (Drop(0), Read(faults=fault))
    with run_to_end(History(batches=(), files=(FILE,), steps=steps, file_receives=1)) as run:
        check_invariants(run.account, run.batches)
        assert [batch.abandoned for batch in run.batches] == [False]


def test_a_copy_of_a_handled_message_that_dies_stops_no_file() -> None:
    """It had claimed the job, and the continuation was not needed while it had the claim.

    SQS delivers a message twice now and then; a copy of a deleted one does not come again.
    """
    dies = (Fault(Kind.KILLED_BEFORE, 5),)
    abandoned, _ = batches_of(Drop(0), Read(slow=True), ReadAgain(0, faults=dies), Read())
    assert abandoned == [False]


SLICES = (Drop(0), Read(slow=True), Drop(0, announced=False), Read(slow=True), Wait(3_700), Sweep())


def call_sites() -> list[tuple[int, int]]:
    """Return each call of each invocation of the intake, by its number."""
    with run_to_end(History(batches=(), files=(FILE,), steps=SLICES)) as run:
        check_invariants(run.account, run.batches)
        made = [each.calls for each in run.account.invocations if each.name == "intake"]
    return [(number, nth) for number, calls in enumerate(made) for nth in range(len(calls))]


def inject(kind: Kind, sites: Sequence[tuple[int, int]]) -> None:
    scenario = History(batches=(), files=(FILE,), steps=SLICES)
    for number, nth in sites:
        with run_to_end(scenario, {("intake", number): (Fault(kind, nth),)}) as run:
            check_invariants(run.account, run.batches)
            assert len(run.batches) == 2
            assert run.account.injected


@pytest.mark.parametrize("kind", KINDS)
def test_no_row_of_a_file_is_lost_or_duplicated_when_a_call_fails(kind: Kind) -> None:
    """Each call of all slices fails once, in one of the ways."""
    inject(kind, call_sites()[KINDS.index(kind) :: len(KINDS)])


@pytest.mark.slow
@pytest.mark.parametrize("kind", [*KINDS, Kind.THROTTLED, Kind.UNREACHABLE])
def test_no_row_of_a_file_is_lost_or_duplicated_when_any_call_fails(kind: Kind) -> None:
    inject(kind, call_sites())
