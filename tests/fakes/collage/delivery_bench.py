"""A delivery of messages with a worker, a queue and a log that record what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from collage_lambda.delivery import WindowDelivery
from collage_lambda.messages import Message
from collage_lambda.originals.shared_pack import SharedPack
from collage_lambda.outcomes import Ending, WindowOutcome
from collage_lambda.redelivery import Redelivery
from collage_lambda.window_stages import BegunWindow, BuiltWindow
from stream_ingest.contracts.errors import CoverstreamError
from tests.fakes.collage.events import envelope, window_image, window_ready
from tests.fakes.collage.recording_sqs import RecordingSqs
from tests.fakes.ingest.threads import InlineExecutor
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
        self.not_stored: Exception | None = None
        self.done_before = False
        self.keeps_originals = True
        self.packs: list[SharedPack] = []

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

    def build(self, begun: BegunWindow, pack: SharedPack | None) -> BuiltWindow:
        self.steps.append(f"build {begun.event.window_id[-1]}")
        self._clock.left_s -= WINDOW_S
        if self.error:
            raise self.error
        unused: Any = None
        waits = pack is not None and self.keeps_originals
        return BuiltWindow(begun=begun, build=unused, built_in_s=0, waits=waits)

    def store(self, pack: SharedPack, windows: Sequence[BuiltWindow]) -> Future[None]:
        self.packs.append(pack)
        self.steps.append(f"store {''.join(each.message.event.window_id[-1] for each in windows)}")
        stored: Future[None] = Future()
        if self.not_stored:
            stored.set_exception(self.not_stored)
        else:
            stored.set_result(None)
        return stored

    def publish(
        self, built: BuiltWindow, stored: Future[None] | None = None, *, at_once: int = 1
    ) -> WindowOutcome:
        if stored is not None:
            stored.result()
        else:
            assert at_once == 1
        self.steps.append(f"publish {built.message.event.window_id[-1]}")
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


class DeliveryBench:
    """A delivery with a recording worker, queue and log."""

    def __init__(self) -> None:
        self.clock, self.sqs, self.log = Clock(), RecordingSqs(), Log()
        self.worker = Worker(self.clock)

    def deliver(self, receives: Sequence[int], windows: Sequence[int] | None = None) -> list[str]:
        """Deliver the windows 0, 1, …, received so many times; return the failed messages."""
        worker: Any = self.worker
        delivery = WindowDelivery(
            worker,
            Redelivery(self.sqs.client, "queue", lambda: 0.0),
            self.log,
            request_id="request",
            remaining_s=self.clock,
            threads=InlineExecutor(),
        )
        numbers = range(len(receives)) if windows is None else windows
        messages = enumerate(zip(numbers, receives, strict=True))
        return delivery.work([record(at, window, times) for at, (window, times) in messages])


def record(number: int, window: int, receives: int) -> SQSRecord:
    body = envelope(window_ready([window_image("https://a/1")], number=window))
    return SQSRecord(sqs_record(f"m{number}", body, receives, f"handle-{number}"))
