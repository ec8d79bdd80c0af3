"""What is wrong with one item costs what belongs to it: the shard and every sweep go on."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ops_dashboard.inspect.windows import WindowReader
from stream_ingest.aws.items import to_wire
from stream_ingest.batches.progress import GRACE_S
from stream_ingest.batches.registry import Totals
from stream_ingest.contracts import table
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.contracts.window_lifecycle import OUTBOX_DELAY_S
from stream_ingest.records.codec import BUCKETS, BatchHeader
from stream_ingest.windowing.delivery import read_delivery
from stream_ingest.windowing.delivery_result import DeliveryResult
from stream_ingest.windowing.sweeper.isolation import raise_errors
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList
from stream_ingest.windowing.window_items import barred_list
from tests.fakes.ingest.aws import TABLE, FailingStore, IngestAws
from tests.fakes.ingest.delivery import kinesis_event
from tests.fakes.ingest.rows import NOW_S, cover_row, header, record_of

TWO = header("b", images=2)
IDLE = header("b", images=5, flush=FlushPolicy(idle_s=600))
FLUSHED = header("b", images=5, flush=FlushPolicy(kind="batch-end"))
LATER_SCHEMA = zlib.compress(msgspec.msgpack.encode([2, {}, {}, {}]))
UNKNOWN_SETTING = zlib.compress(
    msgspec.msgpack.encode([1, {"k": [{"of_a_later_release": 1}, "b", "t", 0, []]}, {}, {}])
)
STATES = {
    "garbage": {"body": b"\x00garbage"},
    "a later schema": {"body": LATER_SCHEMA},
    "an unknown setting": {"body": UNKNOWN_SETTING},
    "text for bytes": {"body": "text"},
    "no number as a version": {"version": "seven"},
    "a version that is not whole": {"version": Decimal("1.5")},
    "text as a count": {"accepted": "many"},
    "a count below zero": {"duplicates": -1},
    "a list as the memory": {"seen": ["2026-11"]},
    "another creator": {"creator": "ben"},
    "window zero": {"next_window": 0},
    "a window too high": {"next_window": 10**12},
    "text as a time": {"erased_at": "yesterday"},
    "a window that exists": {"next_window": 1},
}


def deliver(  # noqa: PLR0913 - what a record may differ in
    aws: IngestAws,
    numbers: Sequence[int],
    batch: BatchHeader = TWO,
    *,
    start: int = 0,
    only: str | None = None,
    last: bool = False,
) -> DeliveryResult:
    """Deliver one record with rows of ann and ben, the record of number `start` in its batch."""
    creators = [only] if only else ["ann", "ben"]
    rows = [cover_row(number, creator) for creator in creators for number in numbers]
    event = kinesis_event([record_of(rows, batch, number=start, last=last)], first=1 + start)
    return aws.windowing().process(read_delivery(event))


def corrupt(aws: IngestAws, values: dict[str, Any], sort: str = table.STATE) -> None:
    aws.set_item("ann", sort, **values)


def listed(aws: IngestAws) -> list[str]:
    return [entry.key for entry in UnreadableList(aws.dynamodb, TABLE, aws.clock).entries()]


def images_of(aws: IngestAws, creator: str) -> int:
    """Return how many images a creator has in windows, open or closed."""
    items = (aws.item(creator, table.window_item(number)) for number in range(1, 9))
    closed = sum(int(item["image_count"]) for item in items if item)
    return closed + aws.store.load([creator])[creator].open_images


@pytest.mark.parametrize("values", STATES.values(), ids=STATES.keys())
def test_an_unreadable_state_costs_the_other_creators_of_the_shard_nothing(
    aws: IngestAws, values: dict[str, Any]
) -> None:
    """And its own rows wait, and are added once and in their order when it can be read again."""
    deliver(aws, [1, 2, 3])
    good = aws.item("ann", table.STATE)
    corrupt(aws, values)
    result = deliver(aws, [4, 5, 6], start=1)
    assert result.failures == {}
    assert (result.accepted, result.deferred) == (3, 3)
    assert listed(aws) == ["ann state"]
    assert images_of(aws, "ben") == 6
    assert deliver(aws, [4, 5, 6], start=1).deferred == 3  # a redelivery stores the same again
    assert good is not None
    version = int(good["version"]) + 7
    aws.set_item("ann", table.STATE, **{name: good.get(name, 1) for name in values})
    aws.set_item("ann", table.STATE, version=version)
    if "erased_at" in values:
        aws.dynamodb.update_item(
            TableName=TABLE,
            Key={"creator_name": {"S": "ann"}, "item": {"S": table.STATE}},
            UpdateExpression="REMOVE erased_at",
        )
    result = deliver(aws, [7], start=2)
    assert (result.deferred, result.failures) == (0, {})
    assert images_of(aws, "ann") == 7
    assert [window.window_id for window in result.windows if window.creator == "ann"] == [
        "ann:000002",
        "ann:000003",
    ]
    assert deliver(aws, [4, 5, 6], start=1).accepted == 0
    assert aws.sweeper().sweep().errors == ()
    assert listed(aws) == []


@pytest.mark.parametrize("values", STATES.values(), ids=STATES.keys())
def test_an_unreadable_state_stops_no_sweep(aws: IngestAws, values: dict[str, Any]) -> None:
    deliver(aws, [1, 2, 3, 4, 5, 6], IDLE)
    corrupt(aws, values)
    aws.clock.advance(7_200)
    sweep = raise_errors(aws.sweeper().sweep())
    assert sweep.closed == 1
    assert sweep.unreadable == ("ann state",)
    assert listed(aws) == ["ann state"]
    assert aws.sweeper_app().open_work.read().unreadable == 1


def test_the_sweeper_adds_what_waited_once_the_state_can_be_read(aws: IngestAws) -> None:
    """As after a rollback: nobody repairs anything, and no further row arrives."""
    deliver(aws, [1])
    good = aws.item("ann", table.STATE)
    assert good is not None
    corrupt(aws, {"body": LATER_SCHEMA})
    deliver(aws, [2, 3], start=1)
    assert raise_errors(aws.sweeper().sweep()).closed == 0
    corrupt(aws, {"body": bytes(good["body"])})
    sweep = raise_errors(aws.sweeper().sweep())
    assert (sweep.emitted, sweep.unreadable) == (1, ())
    assert images_of(aws, "ann") == 3
    assert listed(aws) == []
    assert aws.store.load(["ann"])["ann"].deferred_at is None


def test_a_batch_ends_without_the_rows_that_wait_and_says_so(aws: IngestAws) -> None:
    aws.registry.register(FLUSHED)
    deliver(aws, [1], FLUSHED)
    corrupt(aws, {"body": b"garbage"})
    deliver(aws, [2, 3], FLUSHED, start=1, last=True)
    aws.registry.record_totals("b", Totals(rows_read=6, rows_sent=6), sent=True)
    aws.registry.record_drained("b", set(range(BUCKETS)))
    ended: tuple[str, ...] = ()
    for _ in range(4):
        ended += raise_errors(aws.sweeper().sweep()).batches_ended
        aws.end_windows()
        aws.clock.advance(GRACE_S)
    assert ended == ("b",)
    progress = aws.registry.progress("b")
    assert progress is not None
    assert progress.refused == {"deferred": 2}


WINDOWS = {
    "an unknown status": {"status": "assembling"},
    "text as a count": {"image_count": "many"},
    "text as attempts": {"attempts": "three"},
    "text as the lease": {"lease_until": "noon"},
}


@pytest.mark.parametrize("values", WINDOWS.values(), ids=WINDOWS.keys())
def test_an_unreadable_window_fails_and_its_batch_ends(
    aws: IngestAws, values: dict[str, Any]
) -> None:
    aws.registry.register(TWO)
    aws.bus.refuse = lambda event: event["type"] == "WindowReady"
    deliver(aws, [1, 2], last=True)
    aws.bus.refuse = lambda _: False
    corrupt(aws, values, "window#000001")
    aws.registry.record_totals("b", Totals(rows_read=4, rows_sent=4), sent=True)
    aws.registry.record_drained("b", set(range(BUCKETS)))
    aws.clock.advance(OUTBOX_DELAY_S)
    sweep = raise_errors(aws.sweeper().sweep())
    assert sweep.abandoned == ("ann:000001",)
    assert sweep.unreadable == ("ann window#000001",)
    assert [each["creator"] for each in aws.bus.details("WindowReady")] == ["ben"]
    aws.end_windows()
    aws.clock.advance(GRACE_S)
    assert raise_errors(aws.sweeper().sweep()).batches_ended == ("b",)


BATCHES = {
    "no figures": {"rows_read": "all"},
    "text as buckets": {"drained": "all"},
    "a list of reasons": {"refused": ["expired"]},
    "no time": {"started_at": "noon"},
    "text as the count": {"counted": "many"},
}


@pytest.mark.parametrize("values", BATCHES.values(), ids=BATCHES.keys())
def test_an_unreadable_batch_costs_the_shard_and_other_batches_nothing(
    aws: IngestAws, values: dict[str, Any]
) -> None:
    for name in ("b", "c"):
        aws.registry.register(header(name))
        aws.registry.record_totals(name, Totals(rows_read=1, rows_sent=1), sent=True)
    aws.set_item("batch#b", table.BATCH, **values)
    result = deliver(aws, [1], header("b"), only="ann", last=True)
    assert (result.failures, result.accepted) == ({}, 1)
    deliver(aws, [1], header("c"), only="ben", last=True)
    aws.registry.record_drained("c", set(range(BUCKETS)))
    sweep = raise_errors(aws.sweeper().sweep())
    assert sweep.batches_ended == ("c",)
    assert sweep.unreadable == ("batch#b batch",)
    assert aws.sweeper_app().open_work.read().batches == 0


def test_an_unreadable_tally_defers_its_creator_alone(aws: IngestAws) -> None:
    deliver(aws, [1], header("a"))
    aws.set_item("batch#a", "tally#ann", accepted="many", batch_id="a", creator="ann")
    result = deliver(aws, [2], header("c"), start=1)
    assert (result.failures, result.deferred, result.accepted) == ({}, 1, 1)
    assert listed(aws) == ["batch#a tally#ann"]
    aws.set_item("batch#a", "tally#ann", accepted=0)
    raise_errors(aws.sweeper().sweep())
    assert listed(aws) == []
    assert images_of(aws, "ann") == images_of(aws, "ben") == 2


def test_an_event_that_cannot_be_read_stops_no_other(aws: IngestAws) -> None:
    """Its window fails with that reason and can be retried."""
    aws.bus.refuse = lambda _: True
    deliver(aws, [1, 2])
    aws.bus.refuse = lambda _: False
    corrupt(aws, {"detail": b"of a later schema"}, "images#000001")
    aws.clock.advance(OUTBOX_DELAY_S)
    sweep = raise_errors(aws.sweeper().sweep())
    assert (sweep.abandoned, sweep.unreadable) == (("ann:000001",), ("ann images#000001",))
    assert [each["creator"] for each in aws.bus.details("WindowReady")] == ["ben"]
    window = aws.item("ann", "window#000001")
    assert window is not None
    assert (window["status"], window["error"]) == ("failed", "its event cannot be read")
    assert raise_errors(aws.sweeper().sweep()).abandoned == ()


def test_a_list_that_an_erasure_has_barred_is_gone_and_not_unreadable(aws: IngestAws) -> None:
    """A sweep may meet it that has read the window just before the erasure."""
    aws.bus.refuse = lambda _: True
    deliver(aws, [1, 2])
    aws.bus.refuse = lambda _: False
    aws.dynamodb.put_item(TableName=TABLE, Item=to_wire(barred_list("ann", 1, NOW_S)))
    aws.clock.advance(OUTBOX_DELAY_S)
    sweep = raise_errors(aws.sweeper().sweep())
    assert (sweep.abandoned, sweep.unreadable) == (("ann:000001",), ())
    assert WindowReader(aws.dynamodb, TABLE).event("ann:000001") is None


def test_an_error_of_one_item_is_raised_after_all_others(aws: IngestAws) -> None:
    """An error that is no item's fault still ends the invocation: Lambda reports and repeats it."""
    deliver(aws, [1], IDLE)
    aws.clock.advance(7_200)

    def fault(step: str, creator: str) -> None:
        if creator == "ann":
            raise RuntimeError(step)

    sweep = aws.sweeper(FailingStore(aws, fault)).sweep()
    assert (sweep.closed, sweep.unreadable) == (1, ())
    with pytest.raises(RuntimeError, match="commit"):
        raise_errors(sweep)
