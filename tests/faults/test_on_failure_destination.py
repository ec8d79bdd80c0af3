"""What Lambda discards is stored in S3: the real handler behind a mapping with limits.

The mapping is set as the stack sets it (bisecting, reporting, a retry limit, an age limit, S3 as
the on-failure destination), but with lower limits.
"""

from __future__ import annotations

import base64
import json
from collections import Counter

import pytest

from stream_ingest.batches.progress import GRACE_S, BatchProgress
from stream_ingest.contracts.events import BatchCompleted
from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from stream_ingest.records.codec import unpack
from tests.fakes.ingest.aws import OUTPUT
from tests.faults.harness.aws.kinesis import StreamRecord
from tests.faults.harness.checks.discarded import check_after_discarding
from tests.faults.harness.checks.invariants import check_invariants
from tests.faults.harness.checks.table import Table
from tests.faults.harness.history import BatchPlan, Deliver, History, Push, Spoil, Sweep, Wait, Work
from tests.faults.harness.history_runner import HistoryRunner, run_steps
from tests.faults.harness.injector import Fault, Faults, Kind
from tests.faults.harness.wiring import Clients, registry

ROWS = tuple((n % 3, n % 20) for n in range(30))
BATCH = (BatchPlan(3, FlushPolicy(kind="never"), ROWS, chunk_rows=6),)
MAX_RETRIES, MAX_AGE_S = 2, 3_600
ALL = 50
MARKS = (3, 1)
"""Number of a batch's end marks in each lane."""
WRITES = ("put_item", "transact_write_items")
FAILING_WRITES = {
    "denied": tuple(Fault(Kind.DENIED, operation=name, times=ALL) for name in WRITES),
    "throttled": tuple(Fault(Kind.THROTTLED, operation=name, times=ALL) for name in WRITES),
    "unreachable": tuple(Fault(Kind.UNREACHABLE, operation=name, times=ALL) for name in WRITES),
}


def discarded(run: HistoryRunner) -> tuple[Counter[str], list[bytes]]:
    """Return the conditions of discarded batches, and the records' data by sequence number."""
    conditions, records = Counter[str](), list[tuple[int, bytes]]()
    for key in run.account.s3.keys(OUTPUT):
        if key.startswith("aws/lambda/"):
            content = json.loads(run.account.s3.read(OUTPUT, key))
            conditions[content["requestContext"]["condition"]] += 1
            for entry in json.loads(content["payload"])["Records"]:
                data = base64.b64decode(entry["kinesis"]["data"])
                records.append((int(entry["kinesis"]["sequenceNumber"]), data))
    return conditions, [data for _, data in sorted(records)]


def data_of(records: list[StreamRecord]) -> list[bytes]:
    return [record.data for record in records]


def rows_in(records: list[bytes]) -> int:
    return sum(len(list(unpack(data).cover_rows())) for data in records)


def progress_of(run: HistoryRunner) -> BatchProgress:
    progress = registry(Clients(run.account, Faults())).progress("batch-0")
    assert progress is not None
    return progress


def check_the_rest(run: HistoryRunner, lost: list[bytes]) -> None:
    """All other rows were folded, and the batch ends with the number of quarantined rows."""
    run.settle()
    progress = progress_of(run)
    assert progress.status == "ended"
    assert progress.refused["quarantined"] == rows_in(lost) > 0
    assert progress.rows_read == len(ROWS)
    assert progress.rows_accepted + sum(progress.refused.values()) == len(ROWS)
    shown = Counter(
        (creator, image.identity)
        for creator, windows in Table(run.account).windows.items()
        for window in windows
        for image in window.event.images
    )
    assert set(shown.values()) == {1}


@pytest.mark.parametrize("refused", FAILING_WRITES)
@pytest.mark.parametrize("batch_size", [1, 3, 10])
def test_records_that_cannot_be_written_are_stored_and_the_shard_continues(
    refused: str, batch_size: int
) -> None:
    scenario = History(BATCH, (Push(0, ALL),), batch_size=batch_size, max_retries=MAX_RETRIES)
    with run_steps(scenario) as run:
        lane = run.account.lanes[0]
        first = lane.records[:batch_size]
        while lane.checkpoint < min(batch_size, len(lane.records)):
            run.step(Deliver(0, 1, FAILING_WRITES[refused]))
        conditions, lost = discarded(run)
        assert set(conditions) == {"RetryAttemptsExhausted"}
        assert lost == data_of(first)
        assert lane.invocations > MAX_RETRIES
        check_the_rest(run, lost)


def test_records_that_become_too_old_are_stored_and_the_shard_continues() -> None:
    scenario = History(BATCH, (Push(0, 3), Wait(MAX_AGE_S + 1)), max_record_age_s=MAX_AGE_S)
    with run_steps(scenario) as run:
        old = data_of([record for lane in run.account.lanes for record in lane.records])
        run.step(Push(0, ALL))
        run.step(Deliver(0, ALL))
        run.step(Deliver(1, ALL))
        conditions, lost = discarded(run)
        assert set(conditions) == {"RecordAgeExceeded"}
        assert sorted(lost) == sorted(old)
        check_the_rest(run, lost)


def test_a_batch_does_not_end_while_a_record_of_it_still_fails() -> None:
    """Its end marks may be in the same delivery: rows that arrive later are not lost."""
    with run_steps(History(BATCH, (Push(0, ALL), Deliver(1, ALL)), batch_size=ALL)) as run:
        for _ in range(4):
            run.step(Deliver(0, 1, FAILING_WRITES["throttled"]))
            run.step(Work(times=ALL))
            run.step(Sweep())
            run.step(Wait(GRACE_S + 1))
        assert not run.account.emitted(BatchCompleted)
        run.settle()
        check_invariants(run.account, run.batches)


def test_a_record_that_fails_for_a_while_is_not_discarded() -> None:
    """It is retried as often as the mapping allows, and then folded like any other."""
    scenario = History(BATCH, (Push(0, ALL),), batch_size=1, max_retries=MAX_RETRIES)
    with run_steps(scenario) as run:
        for _ in range(MAX_RETRIES):
            run.step(Deliver(0, 1, FAILING_WRITES["throttled"]))
        assert run.account.lanes[0].checkpoint == 0
        run.settle()
        assert discarded(run) == ({}, [])
        assert "quarantined" not in progress_of(run).refused


@pytest.mark.parametrize("flush", [FlushPolicy(kind="never"), BATCH_END], ids=lambda f: f.kind)
@pytest.mark.parametrize("lanes", [(0,), (0, 1)], ids=["some", "all"])
def test_a_batch_whose_end_marks_are_discarded_ends_by_itself(
    flush: FlushPolicy, lanes: tuple[int, ...]
) -> None:
    """It stayed open for ever, whatever was redriven."""
    refused = (Fault(Kind.THROTTLED, operation="update_item", times=ALL),)
    plan = BatchPlan(3, flush, ROWS, chunk_rows=6)
    scenario = History((plan,), (Push(0, ALL),), max_retries=0, max_record_age_s=MAX_AGE_S)
    with run_steps(scenario) as run:
        for number in lanes:
            while not run.account.lanes[number].is_done:
                run.step(Deliver(number, 1, refused))
        run.settle()
        marks = sum(unpack(data).last for data in discarded(run)[1])
        assert progress_of(run).marks_missing == marks == sum(MARKS[number] for number in lanes)
        check_after_discarding(run)


def test_a_batch_with_a_spoiled_end_mark_ends_and_says_so() -> None:
    records = 4 * len(ROWS)
    for others in range(records):
        steps = (Spoil(others), Push(0, ALL))
        with run_steps(History(BATCH, steps, max_record_age_s=MAX_AGE_S)) as run:
            (spoiled,) = map(unpack, run.account.kinesis.spoiled.values())
            if spoiled.last:
                run.settle()
                assert progress_of(run).marks_missing == 1
                assert not progress_of(run).refused
                check_after_discarding(run)
                return
    pytest.fail("no end mark was sent")
