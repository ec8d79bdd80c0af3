"""Which messages of a delivery are built together, in what order and time."""

from __future__ import annotations

import pytest

from collage_lambda import clients
from collage_lambda.delivery import STORING_S
from collage_lambda.messages import MESSAGES_PER_DELIVERY
from collage_lambda.redelivery import APART_S, LATER_RETRY_S
from collage_lambda.worker import PUBLISHING_S
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.window_lifecycle import RETRY_DUE_S
from tests.fakes.collage.delivery_bench import TIMEOUT_S, WINDOW_S, DeliveryBench

RESERVED_S = PUBLISHING_S + STORING_S
"""Seconds that windows with a common pack leave to the end of their invocation."""


def test_the_downloads_of_a_window_run_while_the_one_before_is_composed_and_published() -> None:
    bench = DeliveryBench()
    assert bench.deliver((1, 1, 1)) == []
    begun = ["begin 0", "begin 1", "build 0", "begin 2", "build 1", "build 2"]
    assert bench.worker.steps[:6] == begun


def test_windows_that_share_a_pack_are_published_when_it_is_stored() -> None:
    bench = DeliveryBench()
    assert bench.deliver((1, 1, 1)) == []
    assert bench.worker.steps[6:] == ["store 012", "publish 0", "publish 1", "publish 2"]
    assert bench.log.lines[-9:] == [
        *("received m0", "resumed 0", "ended 0 created"),
        *("received m1", "resumed 1", "ended 1 created"),
        *("received m2", "resumed 2", "ended 2 created"),
    ]


def test_windows_without_originals_in_a_pack_are_published_at_once() -> None:
    bench = DeliveryBench()
    bench.worker.keeps_originals = False
    bench.deliver((1, 1))
    assert bench.worker.steps == [
        "begin 0",
        "begin 1",
        "build 0",
        "publish 0",
        "build 1",
        "publish 1",
    ]


def test_if_the_pack_is_not_stored_each_of_its_windows_is_delivered_again() -> None:
    bench = DeliveryBench()
    bench.worker.not_stored = TransientError("S3 is slow")
    assert bench.deliver((1, 1, 2)) == ["m0", "m1"]
    assert bench.log.lines.count("failed S3 is slow") == 2
    assert [each["ReceiptHandle"] for each in bench.sqs.changes] == ["handle-0", "handle-1"]
    assert bench.worker.steps[-2:] == ["build 2", "publish 2"]


def test_a_window_that_comes_twice_meets_itself_done() -> None:
    """Also if it waits for the pack: that is stored first, and the others get another."""
    bench = DeliveryBench()
    assert bench.deliver((1, 1, 1, 1, 1), windows=(0, 0, 1, 0, 2)) == []
    assert bench.worker.steps == [
        *("begin 0", "build 0", "store 0", "publish 0"),
        *("begin 0", "begin 1", "build 0"),
        *("store 0", "publish 0"),
        *("begin 0", "build 1", "begin 2", "build 0", "build 2"),
        *("store 102", "publish 1", "publish 0", "publish 2"),
    ]
    assert len({each.key for each in bench.worker.packs}) == 3


def test_windows_share_the_time_before_publishing_and_the_last_has_what_is_left() -> None:
    bench = DeliveryBench()
    bench.deliver((1, 1, 1))
    assert bench.worker.shares == [
        (TIMEOUT_S - RESERVED_S) / 3,
        (TIMEOUT_S - RESERVED_S) / 2,
        TIMEOUT_S - WINDOW_S - RESERVED_S,
    ]


def test_a_window_alone_has_all_the_time() -> None:
    bench = DeliveryBench()
    bench.deliver((1,))
    assert bench.worker.shares == [None]


def test_a_message_received_before_is_built_alone_and_after_the_others() -> None:
    bench = DeliveryBench()
    bench.deliver((2, 1, 1))
    assert bench.worker.steps == [
        *("begin 1", "begin 2", "build 1", "build 2", "store 12", "publish 1", "publish 2"),
        *("begin 0", "build 0", "publish 0"),
    ]
    assert bench.sqs.changes == []


@pytest.mark.parametrize(
    ("receives", "left_s"),
    [((2,), None), ((2, 1), WINDOW_S), ((3, 1), None), ((3, 2), WINDOW_S), ((2, 3), None)],
)
def test_a_window_that_others_took_time_from_is_given_back_unless_it_may_be_its_last_receipt(
    receives: tuple[int, ...], left_s: float | None
) -> None:
    bench = DeliveryBench()
    bench.deliver(receives)
    assert bench.worker.shares[-1] == (left_s and TIMEOUT_S - left_s - PUBLISHING_S)


def test_first_receipts_leave_time_for_a_message_that_was_received_before() -> None:
    """Otherwise slow ones could use up its last receipt before it is tried."""
    bench = DeliveryBench()
    bench.deliver((1, 2, 1))
    assert bench.worker.shares == [
        (TIMEOUT_S - RESERVED_S) / 3,
        (TIMEOUT_S - RESERVED_S) / 2,
        TIMEOUT_S - 2 * WINDOW_S - PUBLISHING_S,
    ]


def test_messages_received_before_become_visible_apart_from_each_other_before_one_is_built() -> (
    None
):
    """The first keeps the queue's timeout: nothing crashes before it."""
    bench = DeliveryBench()
    bench.deliver((2, 1, 3, 2))
    changed = [(each["ReceiptHandle"], each["VisibilityTimeout"]) for each in bench.sqs.changes]
    assert changed == [
        ("handle-2", LATER_RETRY_S + APART_S),
        ("handle-3", LATER_RETRY_S + 2 * APART_S),
    ]
    assert bench.log.lines.index("received m2") < bench.log.lines.index("started 0")


def test_messages_that_fail_again_are_left_apart_and_beyond_most_outages() -> None:
    bench = DeliveryBench()
    bench.worker.error = TransientError("S3 is slow")
    assert bench.deliver((2, 2)) == ["m0", "m1"]
    (changed,) = bench.sqs.changes
    assert changed["ReceiptHandle"] == "handle-1"
    assert LATER_RETRY_S < changed["VisibilityTimeout"] < RETRY_DUE_S


def test_no_message_becomes_visible_while_its_invocation_runs() -> None:
    bench = DeliveryBench()
    bench.clock.left_s = 900
    bench.deliver((2, 2))
    assert [each["VisibilityTimeout"] for each in bench.sqs.changes] == [900 + APART_S]


def test_messages_are_built_even_if_their_timeouts_cannot_be_changed() -> None:
    bench = DeliveryBench()
    bench.sqs.error = TransientError("throttled")
    assert bench.deliver((2, 2)) == []
    assert bench.worker.steps == [
        *("begin 0", "build 0", "publish 0"),
        *("begin 1", "build 1", "publish 1"),
    ]
    assert "not scheduled throttled" in bench.log.lines


def test_every_failed_message_is_reported_and_the_others_are_built() -> None:
    """Each line is about the message that was received or resumed last."""
    bench = DeliveryBench()
    bench.worker.error = TransientError("S3 is slow")
    assert bench.deliver((1, 1)) == ["m0", "m1"]
    assert bench.log.lines == [
        *("received m0", "received m1"),
        *("received m0", "started 0", "received m1", "started 1"),
        *("received m0", "resumed 0", "failed S3 is slow"),
        *("received m1", "resumed 1", "failed S3 is slow"),
    ]


def test_a_window_that_was_done_before_ends_at_once() -> None:
    bench = DeliveryBench()
    bench.worker.done_before = True
    assert bench.deliver((1, 1)) == []
    assert [line for line in bench.log.lines if line.startswith("ended")] == [
        "ended 0 already_done",
        "ended 1 already_done",
    ]


@pytest.mark.parametrize("receives", [(1, 1), (2, 2)])
def test_every_receipt_has_an_owner_of_its_own(receives: tuple[int, ...]) -> None:
    """Even if Lambda invokes again under the same request id."""
    bench = DeliveryBench()
    bench.deliver(receives)
    bench.deliver(receives)
    owners = bench.worker.owners
    assert len(set(owners)) == len(owners) == 4
    assert {owner.rpartition("/")[0] for owner in owners} == {"request/m0", "request/m1"}


def test_all_windows_of_a_delivery_can_be_published_at_once() -> None:
    assert clients.PUBLISHED == MESSAGES_PER_DELIVERY
