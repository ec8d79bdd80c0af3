"""Which messages of a delivery are built together, in what order and time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from collage_lambda.delivery import WindowDelivery
from collage_lambda.messages import Message
from collage_lambda.outcomes import Ending, WindowOutcome
from collage_lambda.redelivery import APART_S, LATER_RETRY_S, Redelivery
from collage_lambda.worker import PUBLISHING_S, BegunWindow
from stream_ingest.contracts.errors import CoverstreamError, TransientError
from stream_ingest.contracts.window_lifecycle import RETRY_DUE_S
from tests.fakes.collage.events import envelope, window_image, window_ready
from tests.fakes.collage.recording_sqs import RecordingSqs
from tests.fakes.sqs_delivery import sqs_record

TIMEOUT_S = 120.0
WINDOW_S = 10


class Clock:
    """The rest of an invocation; each window takes ten seconds of it."""

    left_s = TIMEOUT_S

    def __call__(self) -> float:
        return self.left_s


class Worker:
    """Records what it is asked for."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.steps: list[str] = []
        self.shares: list[float | None] = []
        self.owners: list[str] = []
        self.error: CoverstreamError | None = None
        self.done_before = False

    def begin(
        self, message: Message, *, owner: str, remaining_s: float, share_s: float | None
    ) -> BegunWindow | WindowOutcome:
        assert remaining_s == self._clock.left_s
        window = message.event.window_id[-1]
        self.steps.append(f"begin {window}")
        self.shares.append(share_s)
        self.owners.append(owner)
        if self.done_before:
            return WindowOutcome(ending=Ending.ALREADY_DONE)
        unused: Any = None
        return BegunWindow(
            message=message,
            lease=unused,
            event=message.event,
            keys=unused,
            existing={},
            source=None,
            begun_in_s=0,
            build=unused,
        )

    def end(self, begun: BegunWindow) -> WindowOutcome:
        self.steps.append(f"end {begun.event.window_id[-1]}")
        self._clock.left_s -= WINDOW_S
        if self.error:
            raise self.error
        return WindowOutcome(ending=Ending.CREATED)


class Log:
    """Records what is reported, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def received(self, record: SQSRecord) -> None:
        self.lines.append(f"received {record.message_id}")

    def started(self, message: Message) -> None:
        self.lines.append(f"started {message.event.window_id[-1]}")

    def resumed(self, message: Message) -> None:
        self.lines.append(f"resumed {message.event.window_id[-1]}")

    def ended(self, message: Message, outcome: WindowOutcome) -> None:
        self.lines.append(f"ended {message.event.window_id[-1]} {outcome.ending}")

    def failed(self, error: CoverstreamError) -> None:
        self.lines.append(f"failed {error}")

    def not_scheduled(self, error: Exception) -> None:
        self.lines.append(f"not scheduled {error}")

    def unhandled(self, error: Exception) -> None:
        self.lines.append(f"unhandled {error}")


class Bench:
    """A delivery with a recording worker, queue and log."""

    def __init__(self) -> None:
        self.clock, self.sqs, self.log = Clock(), RecordingSqs(), Log()
        self.worker = Worker(self.clock)

    def deliver(self, receives: Sequence[int]) -> list[str]:
        """Deliver the windows 0, 1, …, received so many times; return the failed messages."""
        worker: Any = self.worker
        delivery = WindowDelivery(
            worker,
            Redelivery(self.sqs.client, "queue", lambda: 0.0),
            self.log,
            request_id="request",
            remaining_s=self.clock,
        )
        return delivery.work([record(number, times) for number, times in enumerate(receives)])


def record(number: int, receives: int) -> SQSRecord:
    body = envelope(window_ready([window_image("https://a/1")], number=number))
    return SQSRecord(sqs_record(f"m{number}", body, receives, f"handle-{number}"))


def test_the_downloads_of_a_window_run_while_the_one_before_is_composed_and_published() -> None:
    bench = Bench()
    assert bench.deliver((1, 1, 1)) == []
    assert bench.worker.steps == ["begin 0", "begin 1", "end 0", "begin 2", "end 1", "end 2"]


def test_windows_share_the_time_before_publishing_and_the_last_has_what_is_left() -> None:
    bench = Bench()
    bench.deliver((1, 1, 1))
    assert bench.worker.shares == [
        (TIMEOUT_S - PUBLISHING_S) / 3,
        (TIMEOUT_S - PUBLISHING_S) / 2,
        TIMEOUT_S - WINDOW_S - PUBLISHING_S,
    ]


def test_a_window_alone_has_all_the_time() -> None:
    bench = Bench()
    bench.deliver((1,))
    assert bench.worker.shares == [None]


def test_a_message_received_before_is_built_alone_and_after_the_others() -> None:
    bench = Bench()
    bench.deliver((2, 1, 1))
    assert bench.worker.steps == ["begin 1", "begin 2", "end 1", "end 2", "begin 0", "end 0"]
    assert bench.sqs.changes == []


@pytest.mark.parametrize(
    ("receives", "left_s"),
    [((2,), None), ((2, 1), WINDOW_S), ((3, 1), None), ((3, 2), WINDOW_S), ((2, 3), None)],
)
def test_a_window_that_others_took_time_from_is_given_back_unless_it_may_be_its_last_receipt(
    receives: tuple[int, ...], left_s: float | None
) -> None:
    bench = Bench()
    bench.deliver(receives)
    assert bench.worker.shares[-1] == (left_s and TIMEOUT_S - left_s - PUBLISHING_S)


def test_first_receipts_leave_time_for_a_message_that_was_received_before() -> None:
    """Otherwise slow ones could use up its last receipt before it is tried."""
    bench = Bench()
    bench.deliver((1, 2, 1))
    assert bench.worker.shares == [
        (TIMEOUT_S - PUBLISHING_S) / 3,
        (TIMEOUT_S - PUBLISHING_S) / 2,
        TIMEOUT_S - 2 * WINDOW_S - PUBLISHING_S,
    ]


def test_messages_received_before_become_visible_apart_from_each_other_before_one_is_built() -> (
    None
):
    """The first keeps the queue's timeout: nothing crashes before it."""
    bench = Bench()
    bench.deliver((2, 1, 3, 2))
    changed = [(each["ReceiptHandle"], each["VisibilityTimeout"]) for each in bench.sqs.changes]
    assert changed == [
        ("handle-2", LATER_RETRY_S + APART_S),
        ("handle-3", LATER_RETRY_S + 2 * APART_S),
    ]
    assert bench.log.lines.index("received m2") < bench.log.lines.index("started 0")


def test_messages_that_fail_again_are_left_apart_and_beyond_most_outages() -> None:
    bench = Bench()
    bench.worker.error = TransientError("S3 is slow")
    assert bench.deliver((2, 2)) == ["m0", "m1"]
    (changed,) = bench.sqs.changes
    assert changed["ReceiptHandle"] == "handle-1"
    assert LATER_RETRY_S < changed["VisibilityTimeout"] < RETRY_DUE_S


def test_no_message_becomes_visible_while_its_invocation_runs() -> None:
    bench = Bench()
    bench.clock.left_s = 900
    bench.deliver((2, 2))
    assert [each["VisibilityTimeout"] for each in bench.sqs.changes] == [900 + APART_S]


def test_messages_are_built_even_if_their_timeouts_cannot_be_changed() -> None:
    bench = Bench()
    bench.sqs.error = TransientError("throttled")
    assert bench.deliver((2, 2)) == []
    assert bench.worker.steps == ["begin 0", "end 0", "begin 1", "end 1"]
    assert "not scheduled throttled" in bench.log.lines


def test_every_failed_message_is_reported_and_the_others_are_built() -> None:
    """Each line is about the message that was received or resumed last."""
    bench = Bench()
    bench.worker.error = TransientError("S3 is slow")
    assert bench.deliver((1, 1)) == ["m0", "m1"]
    assert bench.log.lines == [
        *("received m0", "received m1"),
        *("received m0", "started 0", "received m1", "started 1"),
        *("received m0", "resumed 0", "failed S3 is slow"),
        *("received m1", "resumed 1", "failed S3 is slow"),
    ]


def test_a_window_that_was_done_before_ends_at_once() -> None:
    bench = Bench()
    bench.worker.done_before = True
    assert bench.deliver((1, 1)) == []
    assert [line for line in bench.log.lines if line.startswith("ended")] == [
        "ended 0 already_done",
        "ended 1 already_done",
    ]


@pytest.mark.parametrize("receives", [(1, 1), (2, 2)])
def test_every_receipt_has_an_owner_of_its_own(receives: tuple[int, ...]) -> None:
    """Even if Lambda invokes again under the same request id."""
    bench = Bench()
    bench.deliver(receives)
    bench.deliver(receives)
    owners = bench.worker.owners
    assert len(set(owners)) == len(owners) == 4
    assert {owner.rpartition("/")[0] for owner in owners} == {"request/m0", "request/m1"}
