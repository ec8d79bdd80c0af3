from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.contracts.window_lifecycle import OUTBOX_DELAY_S, REQUEUE_AFTER_S
from stream_ingest.records.codec import BUCKETS, BatchHeader
from stream_ingest.windowing.rules.fold import Arrival, Rules, fold
from stream_ingest.windowing.sweeper import sweeper as module
from stream_ingest.windowing.sweeper.isolation import raise_errors
from stream_ingest.windowing.sweeper.sweep import Sweep
from tests.fakes.ingest.aws import FailingStore, IngestAws
from tests.fakes.ingest.rows import NOW_S, arrivals, cover_row, cover_url, header, object_id

IDLE = header("idle", flush=FlushPolicy(idle_s=600))
FOLDER = "results/processing-summaries/2026/11"
FLUSHED = header("b", images=3, flush=FlushPolicy(kind="batch-end"))


def put(
    aws: IngestAws, creator: str, numbers: Sequence[int], batch: BatchHeader, start: int = 0
) -> None:
    """Fold rows into the table, without emitting anything."""
    commit(aws, creator, arrivals(numbers, batch, start))


def commit(aws: IngestAws, creator: str, rows: list[Arrival]) -> None:
    state = aws.store.load([creator])[creator]
    aws.store.commit(state, fold(state, rows, NOW_S, Rules()), NOW_S)


def drain(aws: IngestAws, batch: BatchHeader, rows: int, *, refused: int = 0) -> None:
    """Do what a push does once all its rows are sent, and the windowing once they are folded."""
    refusals = {"expired": refused} if refused else {}
    totals = Totals(rows_read=rows + refused, rows_sent=rows, refused=refusals)
    aws.registry.record_totals(batch.batch_id, totals, sent=True)
    aws.registry.record_drained(batch.batch_id, set(range(BUCKETS)))


def emitted(aws: IngestAws) -> list[tuple[str, str, int]]:
    details = aws.bus.details()
    return [(each["window_id"], each["closed_because"], each["image_count"]) for each in details]


def test_nothing_due_is_nothing_done(aws: IngestAws) -> None:
    put(aws, "ann", [1], IDLE)
    before = aws.snapshot()
    assert aws.sweeper().sweep() == Sweep()
    assert aws.snapshot() == before
    assert aws.bus.requests == 0


def test_an_idle_window_is_closed_and_emitted_once(aws: IngestAws) -> None:
    put(aws, "ann", [1, 2], IDLE)
    put(aws, "ben", [1], header("other", flush=FlushPolicy(kind="never")))
    aws.clock.advance(7_200)
    assert aws.sweeper().sweep() == Sweep(closed=1, emitted=1)
    assert emitted(aws) == [("ann:000001", "idle", 2)]
    assert aws.bus.taken[0]["source"] == "coverstream.sweeper"
    assert aws.store.load(["ann"])["ann"].open == {}
    assert aws.sweeper().sweep() == Sweep()
    assert aws.store.load(["ben"])["ben"].open_images == 1


def test_a_window_is_closed_while_its_urls_still_work(aws: IngestAws) -> None:
    batch = header("b", flush=FlushPolicy(kind="never"))
    url = cover_url(1, expires=NOW_S + 4_000)
    commit(aws, "ann", [Arrival(batch, 0, cover_row(1, url=url))])
    assert aws.sweeper().sweep() == Sweep()
    aws.clock.advance(4_000 - 1_800)
    assert aws.sweeper().sweep() == Sweep(closed=1, emitted=1)
    assert emitted(aws) == [("ann:000001", "expiring", 1)]


def test_more_creators_than_one_round_takes_are_all_swept(
    aws: IngestAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SLICE", 2)
    for number in range(5):
        put(aws, f"creator{number}", [1], IDLE)
    aws.clock.advance(7_200)
    assert aws.sweeper().sweep() == Sweep(closed=5, emitted=5)


def test_a_window_that_was_not_emitted_is_emitted_with_the_same_words(aws: IngestAws) -> None:
    aws.bus.refuse = lambda _: True
    put(aws, "ann", [1, 2], IDLE)
    aws.clock.advance(7_200)
    assert aws.sweeper().sweep() == Sweep(closed=1, not_emitted=1)
    refused: list[dict[str, Any]] = []
    aws.bus.refuse = lambda event: bool(refused.append(event["detail"]))
    aws.clock.advance(OUTBOX_DELAY_S - 1)
    assert aws.sweeper().sweep() == Sweep()
    aws.clock.advance(1)
    assert aws.sweeper().sweep() == Sweep(emitted=1)
    (detail,) = aws.bus.details()
    assert detail["closed_at"] == "2026-11-06T23:20:00Z", "when it was closed, not when it was sent"
    assert [image["identity"] for image in detail["images"]] == [object_id(1), object_id(2)]
    aws.clock.advance(OUTBOX_DELAY_S)
    assert aws.sweeper().sweep() == Sweep()


def test_a_window_that_nobody_took_from_its_queue_is_emitted_again(aws: IngestAws) -> None:
    put(aws, "ann", [1], header(images=1))
    aws.clock.advance(OUTBOX_DELAY_S)
    aws.sweeper().sweep()
    aws.clock.advance(REQUEUE_AFTER_S - 1)
    assert aws.sweeper().sweep() == Sweep()
    aws.clock.advance(1)
    assert aws.sweeper().sweep() == Sweep(emitted=1)
    first, second = aws.bus.details()
    assert first == second


def test_a_batch_with_flush_at_its_end_is_flushed_once_its_rows_are_folded(aws: IngestAws) -> None:
    aws.registry.register(FLUSHED)
    put(aws, "ann", range(4), FLUSHED)
    put(aws, "ben", [1], FLUSHED)
    aws.registry.record_totals("b", Totals(rows_read=5, rows_sent=5), sent=True)
    assert aws.sweeper().sweep() == Sweep()

    aws.registry.record_drained("b", set(range(BUCKETS)))
    assert aws.sweeper().sweep() == Sweep(closed=2, emitted=2, batches_flushed=("b",))
    assert emitted(aws) == [("ann:000002", "batch-end", 1), ("ben:000001", "batch-end", 1)]
    assert aws.sweeper().sweep() == Sweep()
    batch = aws.registry.load("b")
    assert batch is not None
    assert batch.status == "flushed"


def test_a_flushed_batch_ends_with_its_last_window_and_says_so_once(aws: IngestAws) -> None:
    aws.registry.register(FLUSHED)
    put(aws, "ann", [1, 2, 2], FLUSHED)
    drain(aws, FLUSHED, 3, refused=4)
    sweep = aws.sweeper().sweep_batch("b")
    assert sweep == Sweep(closed=1, emitted=1, batches_flushed=("b",))
    assert aws.sweeper().sweep() == Sweep()

    aws.end_windows()
    assert aws.sweeper().sweep() == Sweep(
        batches_ended=("b",), refused={"duplicate": 1, "expired": 4}
    )
    assert aws.bus.details("BatchCompleted") == [
        {
            "schema": 1,
            "batch_id": "b",
            "trigger": "mysql-push",
            "rows_read": 7,
            "rows_accepted": 2,
            "refused": {"duplicate": 1, "expired": 4},
            "windows": 1,
            "collages": 1,
            "images_ok": 2,
            "images_failed": 0,
            "summary_key": f"{FOLDER}/processing_summary_b_20261106_212000.json",
            "results_key": f"{FOLDER}/batch_results_b_20261106_212000.csv",
        }
    ]
    assert aws.sweeper().sweep() == Sweep()
    assert len(aws.bus.details("BatchCompleted")) == 1


def test_a_batch_that_did_not_ask_for_it_ends_with_windows_still_open(aws: IngestAws) -> None:
    aws.registry.register(header("b", images=2))
    put(aws, "ann", [1, 2, 3], header("b", images=2))
    drain(aws, header("b"), 3)
    assert aws.sweeper().sweep() == Sweep()
    aws.clock.advance(OUTBOX_DELAY_S)
    aws.sweeper().sweep()
    aws.end_windows()
    assert aws.sweeper().sweep() == Sweep(batches_ended=("b",))
    assert aws.store.load(["ann"])["ann"].open_images == 1


def test_a_batch_of_refused_rows_ends_at_once(aws: IngestAws) -> None:
    aws.registry.register(FLUSHED)
    drain(aws, FLUSHED, 0, refused=3)
    assert aws.sweeper().sweep() == Sweep(
        batches_flushed=("b",), batches_ended=("b",), refused={"expired": 3}
    )


def test_a_batch_is_flushed_also_where_the_creator_has_moved_on(aws: IngestAws) -> None:
    aws.registry.register(FLUSHED)
    put(aws, "ann", [1], FLUSHED)
    put(aws, "ann", [2], header("later", images=3, flush=FlushPolicy(kind="never")))
    drain(aws, FLUSHED, 1)
    assert aws.sweeper().sweep() == Sweep(closed=1, emitted=1, batches_flushed=("b",))
    (detail,) = aws.bus.details()
    assert (detail["batch_id"], detail["image_count"]) == ("b", 2)
    aws.end_windows()
    assert aws.sweeper().sweep() == Sweep(batches_ended=("b",))


def test_more_windows_of_a_creator_than_a_transaction_takes_are_all_flushed(
    aws: IngestAws,
) -> None:
    aws.registry.register(FLUSHED)
    for number in range(45):
        look = header("b", quality=number + 1, flush=FlushPolicy(kind="batch-end"))
        put(aws, "ann", [number], look, start=number)
    drain(aws, FLUSHED, 45)
    assert aws.sweeper().sweep() == Sweep(closed=45, emitted=45, batches_flushed=("b",))


class Rival:
    """Another writer that is first, so many times."""

    def __init__(self, aws: IngestAws, times: int) -> None:
        self.aws, self.left = aws, times

    def __call__(self, _step: str, creator: str) -> None:
        if self.left:
            self.left -= 1
            rows = arrivals([100 + self.left], header("rival", quality=9), start=99 - self.left)
            commit(self.aws, creator, rows)


def test_a_race_that_was_lost_is_run_again(aws: IngestAws) -> None:
    put(aws, "ann", [1], IDLE)
    aws.clock.advance(7_200)
    store = FailingStore(aws, Rival(aws, 2))
    assert aws.sweeper(store).sweep() == Sweep(closed=1, emitted=1, lost_races=2)
    assert aws.store.load(["ann"])["ann"].open_images == 2


def test_a_batch_is_not_flushed_until_every_creator_of_it_is(aws: IngestAws) -> None:
    """Else the windows of a creator that is written all the time would wait for ever."""
    aws.registry.register(FLUSHED)
    put(aws, "ann", [1], FLUSHED)
    drain(aws, FLUSHED, 1)
    busy = FailingStore(aws, Rival(aws, 5))
    assert aws.sweeper(busy).sweep() == Sweep(lost_races=5)
    batch = aws.registry.load("b")
    assert batch is not None
    assert batch.status == "sent"
    assert aws.sweeper().sweep() == Sweep(closed=1, emitted=1, batches_flushed=("b",))


def test_a_window_closed_before_a_crash_is_not_closed_again(aws: IngestAws) -> None:
    """The flush dies behind its first creator; the next sweep does the rest."""
    aws.registry.register(FLUSHED)
    for creator in ("ann", "ben"):
        put(aws, creator, [1], FLUSHED)
    drain(aws, FLUSHED, 2)

    def die(_step: str, creator: str) -> None:
        if creator == "ben":
            raise TransientError(creator)

    sweep = aws.sweeper(FailingStore(aws, die)).sweep()
    assert (sweep.closed, sweep.emitted, sweep.batches_flushed) == (1, 1, ())
    with pytest.raises(TransientError):
        raise_errors(sweep)
    assert aws.sweeper().sweep() == Sweep(closed=1, emitted=1, batches_flushed=("b",))
    aws.clock.advance(OUTBOX_DELAY_S)
    assert aws.sweeper().sweep() == Sweep()
    assert sorted(emitted(aws)) == [("ann:000001", "batch-end", 1), ("ben:000001", "batch-end", 1)]


def test_the_end_of_a_batch_is_announced_until_the_bus_accepts_it(aws: IngestAws) -> None:
    aws.registry.register(FLUSHED)
    drain(aws, FLUSHED, 0)
    aws.bus.refuse = lambda event: event["type"] == "BatchCompleted"
    assert aws.sweeper().sweep() == Sweep(batches_flushed=("b",))
    aws.bus.refuse = lambda _: False
    assert aws.sweeper().sweep() == Sweep(batches_ended=("b",))


def test_a_batch_that_nobody_knows_is_nothing_to_sweep(aws: IngestAws) -> None:
    sweep = aws.sweeper().sweep_batch("b")
    assert sweep == Sweep()


def test_rows_that_were_quarantined_do_not_keep_a_batch_from_ending(aws: IngestAws) -> None:
    aws.registry.register(FLUSHED)
    put(aws, "ann", [1], FLUSHED)
    drain(aws, FLUSHED, 3)
    assert aws.sweeper().sweep() == Sweep()
    aws.clock.advance(60)
    assert aws.sweeper().sweep() == Sweep(closed=1, emitted=1, batches_flushed=("b",))
    aws.end_windows("partial")
    assert (sweep := aws.sweeper().sweep()).batches_incomplete == sweep.batches_ended == ("b",)
    assert aws.bus.details("BatchCompleted")[0]["refused"] == {"quarantined": 2}
