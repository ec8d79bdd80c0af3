"""The input bucket, the intake's queues and its function in a simulated account."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from stream_ingest.aws.meter import Meter
from stream_ingest.contracts.batch_options import NO_OPTIONS
from stream_ingest.contracts.creators import CreatorCase
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.metrics import Service
from stream_ingest.intake import wiring as intake_wiring
from stream_ingest.intake.settings import IntakeSettings
from stream_ingest.intake.unread.unread_files import UnreadFiles
from stream_ingest.push import producer
from stream_ingest.push import push as push_module
from stream_ingest.sources import csv_text
from tests.fakes.ingest.aws import OUTPUT, TABLE, TEMP
from tests.fakes.intake_aws import INPUT
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.aws.sqs import FakeQueue, Message
from tests.faults.harness.aws.sqs_client import FakeSqs
from tests.faults.harness.aws.versioned_bucket import TransferS3, VersionedS3
from tests.faults.harness.injector import Fault
from tests.faults.harness.process_pool import ProcessPool

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from tests.faults.harness.simulated_account import SimulatedAccount
    from tests.faults.harness.wiring import Clients

TIMEOUT_S = 300
VISIBILITY_S = 6 * TIMEOUT_S
QUEUE = "https://sqs/intake"
DEAD_LETTERS = "https://sqs/dead-letters"
PAGE_ROWS, CHUNK_ROWS = 2, 3
"""Few, so that a file of some rows has several chunks."""


class FileService:
    """What reads files; each method is one invocation."""

    def __init__(self, account: SimulatedAccount, max_receives: int) -> None:
        self._max_receives = max_receives
        self._account, self.clock = account, account.clock
        self.bucket = VersionedS3(account.s3)
        self.dead_letters = FakeQueue(account.clock, visibility_s=VISIBILITY_S)
        self.queue = FakeQueue(
            account.clock,
            visibility_s=VISIBILITY_S,
            max_receives=max_receives,
            dead_letters=self.dead_letters,
        )
        self.sqs = FakeSqs({QUEUE: self.queue, DEAD_LETTERS: self.dead_letters})
        self.handled: list[tuple[str, str]] = []
        """Ids and bodies of the messages that were handled."""
        self._processes = ProcessPool(account, "intake", self._app)

    def read(self, which: int, faults: Iterable[Fault], *, slow: bool) -> bool:
        """Invoke the intake with a visible message; return False if there is none."""
        message = self.queue.receive(which)
        if message is None:
            return False
        if self._handle(message, faults, slow=slow):
            self.handled.append((message.message_id, message.body))
            self.queue.delete(message.receipt)
        return True

    def read_again(self, which: int, faults: Iterable[Fault], *, slow: bool) -> None:
        """Invoke the intake with a message that was handled before."""
        if self.handled:
            message_id, body = self.handled[which % len(self.handled)]
            again = Message(message_id, body, 0.0, receives=1, receipt=f"{message_id}/again")
            self._handle(again, faults, slow=slow)

    def _handle(self, message: Message, faults: Iterable[Fault], *, slow: bool) -> bool:
        """Return whether the function is done with a message."""
        record = {
            "messageId": message.message_id,
            "receiptHandle": message.receipt,
            "body": message.body,
            "attributes": {"ApproximateReceiveCount": str(message.receives)},
        }
        now_s = self.clock()
        pause_at = now_s if slow else now_s + TIMEOUT_S
        with _in_one_thread(self.clock):
            try:
                return bool(
                    self._processes.run(
                        faults,
                        lambda app: app.messages.handle(
                            record, pause_at=pause_at, ends_at=now_s + TIMEOUT_S
                        ),
                    )
                )
            except (CoverstreamError, ClientError, KilledError):
                return False

    def search(self, clients: Clients, threads: Executor) -> Callable[[], tuple[str, ...]]:
        """Return the sweeper's search for files."""
        return UnreadFiles(
            s3=clients.of_files(self.bucket, "s3"),
            sqs=clients.of_files(self.sqs, "sqs"),
            dynamodb=clients.dynamodb,
            table_name=TABLE,
            bucket=INPUT,
            queue_url=QUEUE,
            defaults=NO_OPTIONS,
            threads=threads,
            clock=self.clock,
        ).start

    def _app(self, clients: Clients) -> intake_wiring.App:
        settings = IntakeSettings(
            account="123456789012",
            table=TABLE,
            stream=self._account.kinesis.name,
            input_bucket=INPUT,
            allowed_buckets=(),
            defaults=NO_OPTIONS,
            output_bucket=OUTPUT,
            temp_bucket=TEMP,
            queue_url=QUEUE,
            dead_letters_url=DEAD_LETTERS,
            max_receives=self._max_receives,
            creator_case=CreatorCase.KEEP,
        )
        s3: Any = TransferS3(clients.of_files(self.bucket, "s3"))
        own = intake_wiring.Clients(
            dynamodb=clients.dynamodb,
            kinesis=clients.kinesis,
            s3=s3,
            sqs=clients.of_files(self.sqs, "sqs"),
        )
        logger = Logger(service="intake", level="CRITICAL")
        return intake_wiring.build(settings, own, self.clock, logger, Meter(Service.INTAKE))


@contextmanager
def _in_one_thread(clock: Callable[[], float]) -> Iterator[None]:
    """Run an invocation's threads in turn, its small chunks, and its waits in no time."""

    async def at_once(work: Callable[..., Any], *arguments: object, **named: object) -> Any:  # noqa: ANN401 - of `work`
        return work(*arguments, **named)

    times = SimpleNamespace(time=clock, monotonic=time.monotonic)
    init: Any = push_module.Push.__init__
    with (
        patch.object(asyncio, "to_thread", at_once),
        patch.object(push_module, "time", times),
        patch.object(producer, "_FIRST_BACKOFF_S", 0.0),
        patch.object(csv_text, "PAGE_ROWS", PAGE_ROWS),
        patch.object(push_module.Push, "__init__", _with(init, {"chunk_rows": CHUNK_ROWS})),
    ):
        yield


def _with(init: Callable[..., None], values: dict[str, Any]) -> Callable[..., None]:
    def changed(self: object, **arguments: object) -> None:
        init(self, **{**arguments, **values})

    return changed
