from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.window_lifecycle import OUTBOX_DELAY_S
from stream_ingest.records.codec import BUCKETS, PackedRecord, pack
from stream_ingest.records.rows import CoverRow
from stream_ingest.windowing.delivery import Delivery, Poison, read_delivery
from stream_ingest.windowing.delivery_result import DeliveryResult
from stream_ingest.windowing.rules.fold import Rules, fold
from tests.fakes.ingest.aws import OUTPUT, FailingStore, IngestAws
from tests.fakes.ingest.delivery import FIRST_SEQUENCE, kinesis_event
from tests.fakes.ingest.rows import NOW_S, arrivals, cover_row, header, object_id, record_of

TWO = header("b", images=2)


def delivery_of(*records: bytes) -> Delivery:
    return read_delivery(kinesis_event(records))


def rows_of(creator: str, numbers: Sequence[int]) -> list[CoverRow]:
    return [cover_row(number, creator) for number in numbers]


def throttled(creator: str) -> Callable[[str, str], None]:
    """Let commits of one creator fail as they do when DynamoDB is throttling."""

    def fault_hook(_step: str, who: str) -> None:
        if who == creator:
            raise TransientError(f"commit {who}: ThrottlingException")  # noqa: EM102, TRY003 - as the store says it

    return fault_hook


def test_a_delivery_becomes_states_windows_and_events(aws: IngestAws) -> None:
    records = [
        record_of([*rows_of("ann", [1, 2, 2]), *rows_of("ben", [1])], TWO),
        record_of(rows_of("ann", [3]), TWO, number=1),
    ]
    outcome = aws.windowing().process(delivery_of(*records))
    assert (outcome.accepted, outcome.duplicates, outcome.resent) == (4, 1, 0)
    assert [window.window_id for window in outcome.windows] == ["ann:000001"]
    assert outcome.failures == {}
    assert [detail["window_id"] for detail in aws.bus.details()] == ["ann:000001"]
    states = aws.store.load(["ann", "ben"])
    assert (states["ann"].open_images, states["ben"].open_images) == (1, 1)


def test_the_same_delivery_again_changes_no_item(aws: IngestAws) -> None:
    """The byte-identical event twice: goal G3."""
    records = [record_of([*rows_of("ann", [1, 2, 2, 3]), *rows_of("ben", [1])], TWO, last=True)]
    aws.registry.register(TWO)
    aws.windowing().process(delivery_of(*records))
    before = aws.snapshot()
    again = aws.windowing().process(delivery_of(*records))
    assert aws.snapshot() == before
    assert (again.accepted, again.duplicates, again.resent, again.windows) == (0, 0, 5, ())
    assert len(aws.bus.details()) == 1


def test_counts_are_those_of_this_delivery_whatever_the_creator_had_before(aws: IngestAws) -> None:
    aws.windowing().process(delivery_of(record_of(rows_of("ann", [1, 2, 2]), header("a"))))
    outcome = aws.windowing().process(
        delivery_of(
            record_of(rows_of("ann", [2, 3]), header("z")),
            record_of(rows_of("ann", [4]), header("a"), number=1),
        )
    )
    assert (outcome.accepted, outcome.duplicates) == (2, 1)


def test_more_windows_than_a_transaction_takes_are_all_closed(aws: IngestAws) -> None:
    rows = rows_of("ann", range(90))
    outcome = aws.windowing().process(delivery_of(record_of(rows, header(images=1))))
    assert outcome.accepted == len(outcome.windows) == 90
    assert len({detail["window_id"] for detail in aws.bus.details()}) == 90
    assert aws.store.load(["ann"])["ann"].version == 3


def test_poison_is_quarantined_and_blocks_no_creator(aws: IngestAws) -> None:
    records = [
        b"no record",
        record_of(rows_of("ann", [1]), TWO),
        bytes([3]) + record_of(rows_of("ben", [1]), TWO)[1:],
        record_of(rows_of("charli", [1]), TWO),
    ]
    outcome = aws.windowing().process(delivery_of(*records))
    assert (outcome.accepted, outcome.quarantined, outcome.failures) == (2, 2, {})
    stored = aws.keys_in(OUTPUT)
    assert [key.rpartition("/")[2] for key in stored] == [
        f"{FIRST_SEQUENCE + index}.json" for index in (0, 2)
    ]
    assert b"codec version 3" in aws.read(OUTPUT, stored[1])


def test_poison_that_cannot_be_stored_is_delivered_again(aws: IngestAws) -> None:
    class Down:
        def store(self, _poison: Poison) -> str:
            raise TransientError("quarantine a record: SlowDown")  # noqa: EM101, TRY003 - as it says it

    windowing = aws.windowing()
    windowing._quarantine = Down()  # type: ignore[assignment]  # noqa: SLF001 - a part replaced
    outcome = windowing.process(delivery_of(record_of(rows_of("ann", [1]), TWO), b"no record"))
    assert outcome.failures == {FIRST_SEQUENCE + 1: "quarantine a record: SlowDown"}
    assert (outcome.accepted, outcome.quarantined) == (1, 0)


def test_a_creator_that_cannot_be_written_fails_alone(aws: IngestAws) -> None:
    records = [
        record_of(rows_of("ann", [1]), TWO),
        record_of(rows_of("ben", [1]), TWO),
        record_of(rows_of("ben", [2]), TWO, number=1),
        record_of(rows_of("charli", [1, 2]), TWO),
    ]
    store = FailingStore(aws, throttled("ben"))
    outcome = aws.windowing(store).process(delivery_of(*records))
    assert list(outcome.failures) == [FIRST_SEQUENCE + 1]
    assert "ThrottlingException" in outcome.failures[FIRST_SEQUENCE + 1]
    assert outcome.accepted == 3
    assert [detail["creator"] for detail in aws.bus.details()] == ["charli"]

    again = aws.windowing().process(read_delivery(kinesis_event(records[1:], FIRST_SEQUENCE + 1)))
    assert (again.accepted, again.resent, again.failures) == (2, 2, {})
    assert {detail["creator"] for detail in aws.bus.details()} == {"charli", "ben"}


def test_a_table_that_cannot_be_read_fails_every_creator(aws: IngestAws) -> None:
    class Unreadable(FailingStore):
        def load_each(self, keys: Sequence[str]) -> Any:  # noqa: ANN401 - as in the store
            raise TransientError(f"load creators: {len(keys)}")  # noqa: EM102, TRY003 - as the store says it

    store = Unreadable(aws, throttled(""))
    records = [record_of(rows_of(creator, [1]), TWO) for creator in ("ann", "ben")]
    outcome = aws.windowing(store).process(delivery_of(*records))
    assert set(outcome.failures) == {FIRST_SEQUENCE, FIRST_SEQUENCE + 1}


def rival(aws: IngestAws, times: int) -> Callable[[str, str], None]:
    """Let another writer be first, so many times."""
    left = iter(range(times))

    def fault_hook(_step: str, creator: str) -> None:
        number = next(left, None)
        if number is None:
            return
        state = aws.store.load([creator])[creator]
        rows = arrivals([100 + number], header("rival"), start=number)
        aws.store.commit(state, fold(state, rows, NOW_S, Rules()), NOW_S)

    return fault_hook


def test_a_conflict_is_retried(aws: IngestAws) -> None:
    store = FailingStore(aws, rival(aws, 2))
    outcome = aws.windowing(store).process(delivery_of(record_of(rows_of("ann", [1, 2, 3]), TWO)))
    assert (outcome.conflicts, outcome.accepted, outcome.failures) == (2, 3, {})
    state = aws.store.load(["ann"])["ann"]
    assert state.open_images == 3
    (detail,) = aws.bus.details()
    assert [image["identity"] for image in detail["images"]] == [object_id(1), object_id(2)]


def test_a_creator_with_constant_conflicts_is_delivered_again(aws: IngestAws) -> None:
    store = FailingStore(aws, rival(aws, 99))
    outcome = aws.windowing(store).process(delivery_of(record_of(rows_of("ann", [1]), TWO)))
    assert outcome.conflicts == 5
    assert "lost against other writers" in outcome.failures[FIRST_SEQUENCE]


def test_an_unexpected_exception_is_raised(aws: IngestAws) -> None:
    def missing_right(_step: str, _creator: str) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "PutItem")

    store = FailingStore(aws, missing_right)
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.windowing(store).process(delivery_of(record_of(rows_of("ann", [1]), TWO)))


def test_a_bus_that_is_down_causes_no_redelivery(aws: IngestAws) -> None:
    """The windows are in the outbox: the sweeper sends them."""
    aws.bus.broken = True
    outcome = aws.windowing().process(delivery_of(record_of(rows_of("ann", [1, 2]), TWO)))
    assert (outcome.not_emitted, outcome.failures) == (("ann:000001",), {})
    item = aws.item("ann", "window#000001")
    assert item is not None
    assert item["status"] == "ready"


def test_a_crash_between_commit_and_emit_neither_loses_nor_doubles_a_window(
    aws: IngestAws,
) -> None:
    record = record_of(rows_of("ann", [1, 2, 3, 4, 5]), TWO)

    class DeadBus:
        def put_events(self, **_: object) -> None:
            raise SystemExit

    windowing = aws.windowing()
    windowing._emitter._events = DeadBus()  # type: ignore[assignment]  # noqa: SLF001 - the process dies there
    with pytest.raises(SystemExit):
        windowing.process(delivery_of(record))
    after_crash = aws.snapshot()

    again = aws.windowing().process(delivery_of(record))
    assert (again.resent, again.windows) == (5, ())
    assert aws.snapshot() == after_crash
    assert aws.sweeper().sweep().emitted == 0

    aws.clock.advance(OUTBOX_DELAY_S)
    assert aws.sweeper().sweep().emitted == 2
    assert aws.sweeper().sweep().emitted == 0
    assert sorted(detail["window_id"] for detail in aws.bus.details()) == [
        "ann:000001",
        "ann:000002",
    ]
    assert {detail["closed_at"] for detail in aws.bus.details()} == {"2026-11-06T21:20:00Z"}


def ends(numbers: range) -> list[bytes]:
    return [pack(PackedRecord(batch=TWO, bucket=number, number=1, last=True)) for number in numbers]


def test_a_batch_is_drained_when_the_end_of_its_last_bucket_is_folded(aws: IngestAws) -> None:
    aws.registry.register(TWO)
    aws.windowing().process(delivery_of(*ends(range(BUCKETS - 1))))
    assert aws.bus.details("BatchDrained") == []
    aws.windowing().process(delivery_of(*ends(range(BUCKETS - 1, BUCKETS))))
    assert aws.bus.details("BatchDrained") == [
        {"schema": 1, "batch_id": "b", "trigger": "mysql-push"}
    ]


def test_a_batch_end_after_a_failed_record_is_not_recorded(aws: IngestAws) -> None:
    """The batch would be flushed before its last rows were folded."""
    aws.registry.register(TWO)
    early, late = ends(range(2))
    records = [early, record_of(rows_of("ben", [1]), TWO), late]
    outcome = aws.windowing(FailingStore(aws, throttled("ben"))).process(delivery_of(*records))
    assert list(outcome.failures) == [FIRST_SEQUENCE + 1]
    batch = aws.registry.load("b")
    assert batch is not None
    assert batch.drained == 1


def test_a_batch_end_that_cannot_be_recorded_is_delivered_again(aws: IngestAws) -> None:
    class Down:
        def record_drained(self, _batch_id: str, _buckets: set[int]) -> bool:
            raise TransientError("update batch b: ThrottlingException")  # noqa: EM101, TRY003 - as it says it

    windowing = aws.windowing()
    windowing._registry = Down()  # type: ignore[assignment]  # noqa: SLF001 - a part replaced
    outcome = windowing.process(delivery_of(record_of(rows_of("ann", [1]), TWO), *ends(range(3))))
    assert list(outcome.failures) == [FIRST_SEQUENCE + 1]


def test_the_end_of_an_unregistered_batch_is_ignored(aws: IngestAws) -> None:
    outcome = aws.windowing().process(delivery_of(*ends(range(BUCKETS))))
    assert outcome.failures == {}
    assert aws.snapshot() == []


def test_results_share_no_mutable_state() -> None:
    """They start from mutable defaults."""
    DeliveryResult().failures[1] = "x"
    assert DeliveryResult().failures == {}
