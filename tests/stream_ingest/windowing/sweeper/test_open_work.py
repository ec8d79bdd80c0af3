from __future__ import annotations

import msgspec

from stream_ingest.batches.progress import FOLLOW_TRIGGER, STALE_AFTER_S
from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.naming import SMOKE_TRIGGER
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.contracts.window_lifecycle import OUTBOX_DELAY_S
from stream_ingest.records.codec import BUCKETS
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from stream_ingest.windowing.sweeper.open_work import OpenWork, OpenWorkReader
from tests.fakes.ingest.aws import TABLE, IngestAws
from tests.fakes.ingest.rows import NOW_S, arrivals, header

BATCH = header("b", images=2, flush=FlushPolicy(kind="batch-end", idle_s=600))


def read(aws: IngestAws) -> OpenWork:
    return OpenWorkReader(aws.registry, aws.dynamodb, TABLE, aws.clock).read()


def close_window(aws: IngestAws, creator: str, images: tuple[int, ...] = (1, 2)) -> None:
    state = CreatorState(creator=creator)
    aws.store.commit(state, fold(state, arrivals(list(images), BATCH), NOW_S, Rules()), NOW_S)


def test_nothing_is_under_way_where_nothing_was_begun(aws: IngestAws) -> None:
    assert read(aws) == OpenWork()
    assert OpenWork().oldest_age_s == 0


def test_a_batch_is_open_from_its_first_row_until_the_sweeper_ends_it(aws: IngestAws) -> None:
    aws.registry.register(BATCH)
    aws.clock.advance(90)
    assert read(aws) == OpenWork(batches=1, oldest_batch_age_s=90)
    aws.registry.record_totals("b", Totals(), sent=True)
    aws.registry.record_drained("b", set(range(BUCKETS)))
    assert read(aws).batches == 1
    for before, after in (("sent", "flushed"), ("flushed", "ended")):
        assert aws.registry.move("b", before, after)
    assert read(aws) == OpenWork()


def test_a_window_is_open_from_its_closing_until_it_has_ended(aws: IngestAws) -> None:
    close_window(aws, "ann")
    aws.clock.advance(30)
    close_window(aws, "ben")
    aws.clock.advance(10)
    assert read(aws) == OpenWork(windows=2, oldest_window_age_s=40)
    aws.clock.advance(OUTBOX_DELAY_S)
    aws.sweeper().sweep()  # sends them, so that they are queued
    assert read(aws).windows == 2
    aws.end_windows()
    assert read(aws) == OpenWork()


def test_a_window_that_is_rebuilt_has_no_age(aws: IngestAws) -> None:
    """Else a replay of last month's windows would raise the alarm on stuck windows."""
    close_window(aws, "ann")
    aws.clock.advance(86_400)
    aws.set_item("ann", "window#000001", status="processing", completed_at="2026-11-06T21:20:09Z")
    assert read(aws) == OpenWork(windows=1)


def test_images_that_wait_for_a_full_window_are_no_open_work(aws: IngestAws) -> None:
    close_window(aws, "ann", images=(1,))
    aws.clock.advance(10)
    assert read(aws) == OpenWork()


def test_the_oldest_is_the_older_of_batch_and_window(aws: IngestAws) -> None:
    aws.registry.register(BATCH)
    aws.clock.advance(50)
    close_window(aws, "ann")
    assert read(aws).oldest_age_s == 50


def test_a_batch_whose_producer_never_came_back_is_reported_for_a_day(aws: IngestAws) -> None:
    """Else a push that was killed and forgotten would keep its alarm on for ever."""
    aws.registry.register(BATCH)
    aws.clock.advance(STALE_AFTER_S)
    assert read(aws).batches == 1
    aws.clock.advance(1)
    assert read(aws) == OpenWork()


def test_the_batch_of_a_follower_is_open_once_it_is_sent(aws: IngestAws) -> None:
    """Until then it waits for rows of its table, and an alarm would call that a standstill."""
    aws.registry.register(msgspec.structs.replace(BATCH, trigger=FOLLOW_TRIGGER))
    assert read(aws) == OpenWork()
    aws.registry.record_totals(BATCH.batch_id, Totals(), sent=True)
    assert read(aws).batches == 1


def test_the_batch_of_a_smoke_test_is_no_open_work(aws: IngestAws) -> None:
    """Else one that was killed before it could clean up would raise the alarm `nothing-flows`."""
    aws.registry.register(msgspec.structs.replace(BATCH, trigger=SMOKE_TRIGGER))
    assert read(aws) == OpenWork()


def test_an_abandoned_batch_is_no_open_work(aws: IngestAws) -> None:
    """Whoever abandoned it knows why nothing moves; the alarm has to be quiet."""
    aws.registry.register(BATCH)
    assert read(aws).batches == 1
    aws.registry.abandon(BATCH.batch_id, "ann")
    assert read(aws) == OpenWork()
