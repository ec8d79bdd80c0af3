"""Counts of a batch while another batch takes its creators over.

The histories in tests/faults play this with faults, lagging indexes and slow sweepers.
"""

from __future__ import annotations

from typing import Any

import pytest

from stream_ingest.batches import Totals
from stream_ingest.census import Census
from stream_ingest.packing import BUCKETS, BatchHeader
from stream_ingest.windowing.fold import Rules, fold
from tests.fakes.ingest_aws import TABLE, IngestAws
from tests.fakes.ingest_rows import NOW_S, arrivals, header

FIRST, NEXT = header("first"), header("next")


def census(aws: IngestAws, dynamodb: Any = None) -> Census:  # noqa: ANN401 - a client
    return Census(aws.registry, dynamodb or aws.dynamodb, TABLE, aws.clock, aws.threads)


def put(aws: IngestAws, numbers: list[int], batch: BatchHeader) -> None:
    state = aws.store.load(["ann"])["ann"]
    change = fold(state, arrivals(numbers, batch), NOW_S, Rules())
    aws.store.commit(state, change, NOW_S)


@pytest.fixture
def drained(aws: IngestAws) -> IngestAws:
    """A batch of two rows, all of them folded."""
    aws.registry.register(FIRST)
    put(aws, [1, 2], FIRST)
    aws.registry.note_totals("first", Totals(rows_read=2, rows_sent=2), sent=True)
    aws.registry.note_drained("first", set(range(BUCKETS)))
    return aws


def test_a_batch_that_nobody_registered_has_no_count(aws: IngestAws) -> None:
    assert census(aws).count("first") is None


def test_a_creators_rows_are_counted_wherever_its_tally_is(drained: IngestAws) -> None:
    before = census(drained).count("first")
    put(drained, [3], NEXT)
    after = census(drained).count("first")
    assert before is not None
    assert after is not None
    assert before.progress.settled
    assert after.progress.rows_accepted == before.progress.rows_accepted == 2
    assert before.creators == after.creators == ["ann"]


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

    count = census(drained, Interrupted()).count("first")
    assert count is not None
    assert count.progress.rows_accepted == 2


def test_rows_that_stay_missing_are_noted_once_and_then_taken_for_quarantined(
    drained: IngestAws,
) -> None:
    drained.registry.note_totals("first", Totals(rows_read=5, rows_sent=5), sent=True)
    counts = []
    for _ in range(3):
        counts.append(census(drained).count("first"))
        drained.clock.advance(30)
    settled = [count and count.progress.settled for count in counts]
    assert settled == [False, False, True]
    assert counts[2] is not None
    assert counts[2].progress.refused == {"quarantined": 3}
