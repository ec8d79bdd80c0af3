"""Counts of a batch while another batch takes its creators over.

The histories in tests/faults play this with faults, lagging indexes and slow sweepers.
"""

from __future__ import annotations

from typing import Any

import pytest

from stream_ingest.batches.counter import BatchCounter
from stream_ingest.batches.progress import Counted
from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.records.codec import BUCKETS, BatchHeader
from stream_ingest.windowing.rules.closing import close_batch
from stream_ingest.windowing.rules.fold import Rules, fold
from tests.fakes.ingest.aws import TABLE, IngestAws
from tests.fakes.ingest.rows import NOW_S, arrivals, header

FIRST, NEXT = header("first"), header("next")


def counter(aws: IngestAws, dynamodb: Any = None) -> BatchCounter:  # noqa: ANN401 - a client
    return BatchCounter(aws.registry, dynamodb or aws.dynamodb, TABLE, aws.clock, aws.threads)


def put(aws: IngestAws, numbers: list[int], batch: BatchHeader) -> None:
    state = aws.store.load(["ann"])["ann"]
    change = fold(state, arrivals(numbers, batch), NOW_S, Rules())
    aws.store.commit(state, change, NOW_S)


@pytest.fixture
def drained(aws: IngestAws) -> IngestAws:
    """A batch of two rows, all of them folded."""
    aws.registry.register(FIRST)
    put(aws, [1, 2], FIRST)
    aws.registry.record_totals("first", Totals(rows_read=2, rows_sent=2), sent=True)
    aws.registry.record_drained("first", set(range(BUCKETS)))
    return aws


def test_a_batch_that_nobody_registered_has_no_count(aws: IngestAws) -> None:
    assert counter(aws).count("first") is None


def test_a_batch_whose_rows_are_under_way_is_not_counted(drained: IngestAws) -> None:
    drained.registry.register(NEXT)
    assert counter(drained).count("next") is None


def test_a_creators_rows_are_counted_wherever_its_tally_is(drained: IngestAws) -> None:
    put(drained, [3], NEXT)
    count = counter(drained).count("first")
    assert count is not None
    assert count.progress.settled
    assert count.progress.rows_accepted == 2
    assert count.creators == ["ann"]


def test_a_final_count_is_noted_and_not_done_again(drained: IngestAws) -> None:
    class Unread:
        """Nobody reads tallies."""

    before = counter(drained).count("first")
    after = counter(drained, Unread()).count("first")
    assert before is not None
    assert before == after
    assert before.batch.counted is not None
    assert before.batch.counted.final
    assert drained.registry.load("first") == before.batch


def test_a_batch_that_is_to_be_flushed_is_counted_again_after_that(aws: IngestAws) -> None:
    batch = header("flushed", flush=FlushPolicy(kind="batch-end"))
    aws.registry.register(batch)
    put(aws, [1, 2], batch)
    aws.registry.record_totals("flushed", Totals(rows_read=2, rows_sent=2), sent=True)
    aws.registry.record_drained("flushed", set(range(BUCKETS)))
    before = counter(aws).count("flushed")
    state = aws.store.load(["ann"])["ann"]
    aws.store.commit(state, close_batch(state, "flushed", batch.trigger), NOW_S)
    aws.registry.move("flushed", "sent", "flushed")
    under_way = aws.registry.progress("flushed")
    after = counter(aws).count("flushed")
    assert before is not None
    assert before.batch.counted == Counted(accepted=2, open_images=2, since=NOW_S)
    assert before.progress.settled
    assert under_way is not None
    assert not under_way.ended
    assert after is not None
    assert after.batch.counted == Counted(accepted=2, windows=1, since=NOW_S, final=True)


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_tally_that_moves_between_two_reads_is_counted_once(drained: IngestAws, nth: int) -> None:
    class Interrupted:
        """The next batch takes the creator over behind the nth read."""

        reads = 0

        def batch_get_item(self, **request: Any) -> Any:  # noqa: ANN401 - as boto3
            answer = drained.dynamodb.batch_get_item(**request)
            self.reads += 1
            if self.reads == nth:
                put(drained, [3], NEXT)
            return answer

    count = counter(drained, Interrupted()).count("first")
    assert count is not None
    assert count.progress.rows_accepted == 2


def test_rows_that_stay_missing_are_noted_once_and_then_taken_for_quarantined(
    drained: IngestAws,
) -> None:
    drained.registry.record_totals("first", Totals(rows_read=5, rows_sent=5), sent=True)
    counts = []
    for _ in range(3):
        counts.append(counter(drained).count("first"))
        drained.clock.advance(30)
    settled = [count and count.progress.settled for count in counts]
    assert settled == [False, False, True]
    assert counts[2] is not None
    assert counts[2].progress.refused == {"quarantined": 3}
