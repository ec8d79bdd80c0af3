"""What Lambda gives up on is lost to nobody: the real handler behind a mapping with limits.

The mapping is set as the stack sets it (bisecting, reporting, a retry limit, an age limit, S3 as
the on-failure destination), but with lower limits.
"""

from __future__ import annotations

import base64
import json
from collections import Counter

import pytest

from stream_ingest.batches.progress import GRACE_S
from stream_ingest.contracts.events import BatchCompleted
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.records.codec import unpack
from tests.fakes.ingest.aws import OUTPUT
from tests.faults.harness.aws.kinesis import StreamRecord
from tests.faults.harness.checks.table import Table
from tests.faults.harness.checks.verdict import check
from tests.faults.harness.history import BatchPlan, Deliver, History, Push, Sweep, Wait, Work
from tests.faults.harness.injector import Fault, Faults, Kind
from tests.faults.harness.parts import Clients, registry
from tests.faults.harness.play import Play, begun

ROWS = tuple((n % 3, n % 20) for n in range(30))
BATCH = (BatchPlan(3, FlushPolicy(kind="never"), ROWS, chunk_rows=6),)
MAX_RETRIES, MAX_AGE_S = 2, 3_600
ALL = 50
WRITES = ("put_item", "transact_write_items")
REFUSED = {
    "denied": tuple(Fault(Kind.DENIED, operation=name, times=ALL) for name in WRITES),
    "throttled": tuple(Fault(Kind.THROTTLED, operation=name, times=ALL) for name in WRITES),
    "unreachable": tuple(Fault(Kind.UNREACHABLE, operation=name, times=ALL) for name in WRITES),
}


def given_up(run: Play) -> tuple[Counter[str], list[bytes]]:
    """Return the conditions under which records were given up, and their data, by sequence."""
    conditions, records = Counter[str](), list[tuple[int, bytes]]()
    for key in run.stage.s3.keys(OUTPUT):
        if key.startswith("aws/lambda/"):
            content = json.loads(run.stage.s3.read(OUTPUT, key))
            conditions[content["requestContext"]["condition"]] += 1
            for entry in json.loads(content["payload"])["Records"]:
                data = base64.b64decode(entry["kinesis"]["data"])
                records.append((int(entry["kinesis"]["sequenceNumber"]), data))
    return conditions, [data for _, data in sorted(records)]


def data_of(records: list[StreamRecord]) -> list[bytes]:
    return [record.data for record in records]


def rows_in(records: list[bytes]) -> int:
    return sum(len(list(unpack(data).cover_rows())) for data in records)


def check_the_rest(run: Play, lost: list[bytes]) -> None:
    """Everything else was folded, and the batch ends and says how many rows are missing."""
    run.rest()
    progress = registry(Clients(run.stage, Faults())).progress("batch-0")
    assert progress is not None
    assert progress.status == "ended"
    assert progress.refused["quarantined"] == rows_in(lost) > 0
    assert progress.rows_read == len(ROWS)
    assert progress.rows_accepted + sum(progress.refused.values()) == len(ROWS)
    shown = Counter(
        (creator, image.identity)
        for creator, windows in Table(run.stage).windows.items()
        for window in windows
        for image in window.event.images
    )
    assert set(shown.values()) == {1}


@pytest.mark.parametrize("refused", REFUSED)
@pytest.mark.parametrize("batch_size", [1, 3, 10])
def test_what_cannot_be_written_is_kept_with_its_data_and_the_shard_goes_on(
    refused: str, batch_size: int
) -> None:
    story = History(BATCH, (Push(0, ALL),), batch_size=batch_size, max_retries=MAX_RETRIES)
    with begun(story) as run:
        lane = run.stage.lanes[0]
        first = lane.records[:batch_size]
        while lane.checkpoint < min(batch_size, len(lane.records)):
            run.step(Deliver(0, 1, REFUSED[refused]))
        conditions, lost = given_up(run)
        assert set(conditions) == {"RetryAttemptsExhausted"}
        assert lost == data_of(first)
        assert lane.invocations > MAX_RETRIES
        check_the_rest(run, lost)


def test_what_became_too_old_is_kept_with_its_data_and_the_shard_goes_on() -> None:
    story = History(BATCH, (Push(0, 3), Wait(MAX_AGE_S + 1)), max_record_age_s=MAX_AGE_S)
    with begun(story) as run:
        old = data_of([record for lane in run.stage.lanes for record in lane.records])
        run.step(Push(0, ALL))
        run.step(Deliver(0, ALL))
        run.step(Deliver(1, ALL))
        conditions, lost = given_up(run)
        assert set(conditions) == {"RecordAgeExceeded"}
        assert sorted(lost) == sorted(old)
        check_the_rest(run, lost)


def test_a_batch_does_not_end_while_a_record_of_it_still_fails() -> None:
    """Its end marks may be in the same delivery: rows that come later are not missing for good."""
    with begun(History(BATCH, (Push(0, ALL), Deliver(1, ALL)), batch_size=ALL)) as run:
        for _ in range(4):
            run.step(Deliver(0, 1, REFUSED["throttled"]))
            run.step(Work(times=ALL))
            run.step(Sweep())
            run.step(Wait(GRACE_S + 1))
        assert not run.stage.told(BatchCompleted)
        run.rest()
        check(run.stage, run.batches)


def test_a_record_that_fails_for_a_while_is_not_given_up() -> None:
    """It is retried as often as the mapping allows; then it is folded like any other."""
    story = History(BATCH, (Push(0, ALL),), batch_size=1, max_retries=MAX_RETRIES)
    with begun(story) as run:
        for _ in range(MAX_RETRIES):
            run.step(Deliver(0, 1, REFUSED["throttled"]))
        assert run.stage.lanes[0].checkpoint == 0
        run.rest()
        assert given_up(run) == ({}, [])
        progress = registry(Clients(run.stage, Faults())).progress("batch-0")
        assert progress is not None
        assert "quarantined" not in progress.refused
