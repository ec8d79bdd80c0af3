"""Batches without their end marks come to an end by themselves, and say what is missing."""

from __future__ import annotations

import pytest

from stream_ingest.batches.batch_item import BatchAbandonedError
from stream_ingest.batches.progress import GRACE_S, BatchProgress
from stream_ingest.batches.registry import Totals
from stream_ingest.batches.timeouts import BY_THE_SWEEPER, SILENT_S
from stream_ingest.contracts.events import BatchCompleted, BatchDrained
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.records.codec import BUCKETS, BatchHeader
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.sweeper.sweep import Sweep, merge_sweeps
from tests.fakes.ingest.aws import SETTINGS, IngestAws
from tests.fakes.ingest.rows import arrivals, header

NEVER = header("b", flush=FlushPolicy(kind="never"))
FLUSHED = header("b", images=3, flush=FlushPolicy(kind="batch-end"))
SENT = Totals(rows_read=9, rows_sent=6, refused={"expired": 3})


def put(aws: IngestAws, numbers: list[int], batch: BatchHeader) -> None:
    state = aws.store.load(["ann"])["ann"]
    now_s = int(aws.clock())
    aws.store.commit(state, fold(state, arrivals(numbers, batch), now_s, Rules()), now_s)


def sent(aws: IngestAws, batch: BatchHeader, numbers: list[int]) -> None:
    """Send a batch of six rows, of which some are folded."""
    aws.registry.register(batch, owner="the push")
    put(aws, numbers, batch)
    aws.registry.record_totals("b", SENT, sent=True)


def sweep_to_the_end(aws: IngestAws) -> Sweep:
    """Sweep as often as the count of missing rows needs, with collages built in between."""
    first = aws.sweeper().sweep()
    aws.clock.advance(GRACE_S)
    parts = [first, aws.sweeper().sweep()]
    if not any(each.batches_ended for each in parts):
        aws.end_windows()
        parts.append(aws.sweeper().sweep())
    return merge_sweeps(parts)


def progress(aws: IngestAws) -> BatchProgress:
    found = aws.registry.progress("b")
    assert found is not None
    return found


def completed(aws: IngestAws) -> list[dict[str, object]]:
    return aws.bus.details(BatchCompleted.detail_type())


@pytest.mark.parametrize(
    ("batch", "marks"), [(NEVER, 0), (FLUSHED, BUCKETS - 1)], ids=["never", "batch-end"]
)
def test_a_batch_without_all_of_its_end_marks_ends_with_what_is_missing(
    aws: IngestAws, batch: BatchHeader, marks: int
) -> None:
    sent(aws, batch, [1, 2, 3, 4])
    if marks:
        aws.registry.record_drained("b", set(range(marks)))
    aws.clock.advance(SETTINGS.delivery_s - 1)
    aws.sweeper().sweep()
    assert progress(aws).status == "sent", "its records may still be delivered"
    aws.clock.advance(1)
    last = sweep_to_the_end(aws)
    assert (last.batches_ended, last.batches_incomplete) == (("b",), ("b",))
    found = progress(aws)
    assert (found.status, found.marks_missing) == ("ended", BUCKETS - marks)
    assert found.refused == {"expired": 3, "quarantined": 2}
    assert found.rows_accepted == 4
    (event,) = completed(aws)
    assert (event["marks_missing"], event["refused"]) == (found.marks_missing, found.refused)
    assert event["windows"] == (2 if batch is FLUSHED else 0)


def test_only_the_marks_are_missing_if_every_row_was_folded(aws: IngestAws) -> None:
    sent(aws, NEVER, [1, 2, 3, 4, 5, 6])
    aws.clock.advance(SETTINGS.delivery_s)
    assert aws.sweeper().sweep().batches_incomplete == ("b",)
    assert progress(aws).refused == {"expired": 3}
    assert progress(aws).marks_missing == BUCKETS


def test_a_mark_that_comes_after_the_end_counts_and_emits_nothing(aws: IngestAws) -> None:
    sent(aws, NEVER, [1, 2, 3, 4])
    aws.clock.advance(SETTINGS.delivery_s)
    sweep_to_the_end(aws)
    before = aws.snapshot()
    assert not aws.registry.record_drained("b", set(range(BUCKETS)))
    aws.registry.record_totals("b", SENT, sent=True)
    assert aws.sweeper().sweep_batch("b") == aws.sweeper().sweep() == Sweep()
    assert aws.snapshot() == before
    assert len(completed(aws)) == 1
    assert not aws.bus.details(BatchDrained.detail_type())


def test_the_drained_event_of_a_batch_that_has_ended_changes_nothing(aws: IngestAws) -> None:
    """EventBridge delivers at least once, and Kinesis may deliver the last mark again."""
    sent(aws, NEVER, [1, 2, 3, 4, 5, 6])
    assert aws.registry.record_drained("b", set(range(BUCKETS)))
    assert aws.sweeper().sweep_batch("b").batches_ended == ("b",)
    assert not aws.registry.record_drained("b", {0})
    assert aws.sweeper().sweep_batch("b") == Sweep()
    (event,) = completed(aws)
    assert "marks_missing" not in event


def test_rows_that_come_after_the_end_are_in_windows_and_change_no_figure(aws: IngestAws) -> None:
    sent(aws, NEVER, [1, 2, 3, 4])
    aws.clock.advance(SETTINGS.delivery_s)
    sweep_to_the_end(aws)
    before = progress(aws)
    put(aws, [1, 2, 3, 4, 5, 6], NEVER)
    assert aws.store.load(["ann"])["ann"].open_images == 6
    assert progress(aws) == before
    assert aws.sweeper().sweep() == Sweep()


def test_a_push_that_comes_back_after_the_end_may_send_marks_but_no_further_rows(
    aws: IngestAws,
) -> None:
    sent(aws, NEVER, [1, 2, 3, 4])
    aws.clock.advance(SETTINGS.delivery_s)
    sweep_to_the_end(aws)
    aws.registry.register(NEVER, owner="the push")
    aws.registry.record_totals("b", SENT, sent=False)
    with pytest.raises(BatchAbandonedError, match="has ended; push further rows as a new batch"):
        aws.registry.record_totals("b", Totals(rows_read=10, rows_sent=6), sent=False)


def test_a_batch_that_an_earlier_version_sent_gets_its_time_from_now_on(aws: IngestAws) -> None:
    sent(aws, NEVER, [1, 2, 3, 4, 5, 6])
    aws.remove_attributes("batch#b", "batch", "sent_at", "updated_at")
    aws.clock.advance(2 * SETTINGS.delivery_s)
    aws.sweeper().sweep()
    aws.clock.advance(SETTINGS.delivery_s - 1)
    aws.sweeper().sweep()
    assert progress(aws).status == "sent"
    aws.clock.advance(1)
    aws.sweeper().sweep()
    assert progress(aws).status == "ended"


def test_a_producer_of_an_earlier_version_gets_its_time_from_now_on(aws: IngestAws) -> None:
    """It may still be sending: it does not say when it writes."""
    aws.registry.register(NEVER)
    aws.remove_attributes("batch#b", "batch", "updated_at")
    for seconds, status in ((SILENT_S + 1, "sending"), (SILENT_S, "sending"), (1, "abandoning")):
        aws.clock.advance(seconds)
        aws.sweeper().sweep()
        assert progress(aws).status == status


def test_an_abandoned_batch_whose_marks_were_not_sent_ends_all_the_same(aws: IngestAws) -> None:
    """The command died after it had set the status."""
    aws.registry.register(FLUSHED)
    put(aws, [1, 2], FLUSHED)
    aws.registry.record_totals("b", Totals(rows_read=6, rows_sent=3), sent=False)
    aws.registry.abandon("b", "ann")
    aws.clock.advance(SETTINGS.delivery_s)
    sweep_to_the_end(aws)
    found = progress(aws)
    assert (found.status, found.marks_missing) == ("abandoned", BUCKETS)
    assert found.refused == {"not_sent": 3, "quarantined": 1}
    assert found.windows == 1


def test_a_batch_whose_producer_is_never_heard_of_again_is_abandoned(aws: IngestAws) -> None:
    aws.registry.register(NEVER)
    put(aws, [1, 2], NEVER)
    aws.clock.advance(SILENT_S)
    aws.registry.record_totals("b", Totals(rows_read=2, rows_sent=2), sent=False)
    aws.clock.advance(SILENT_S)
    aws.sweeper().sweep()
    assert progress(aws).status == "sending"
    aws.clock.advance(1)
    aws.sweeper().sweep()
    assert (progress(aws).status, progress(aws).abandoned_by) == ("abandoning", BY_THE_SWEEPER)
    with pytest.raises(BatchAbandonedError):
        aws.registry.record_totals("b", Totals(rows_read=3), sent=False)
    aws.clock.advance(SETTINGS.delivery_s)
    sweep_to_the_end(aws)
    assert progress(aws).status == "abandoned"


def test_a_batch_that_only_was_registered_is_abandoned_too(aws: IngestAws) -> None:
    aws.registry.register(NEVER)
    aws.clock.advance(SILENT_S + 1)
    aws.sweeper().sweep()
    aws.clock.advance(SETTINGS.delivery_s)
    sweep_to_the_end(aws)
    assert progress(aws).status == "abandoned"
    assert progress(aws).rows_read == 0
