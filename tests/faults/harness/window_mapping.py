"""The mapping of the windows' queue: invokes collage workers with several messages at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import ClientError

from collage_lambda.delivery import WindowDelivery
from collage_lambda.messages import Message
from collage_lambda.outcomes import WindowOutcome
from collage_lambda.redelivery import Redelivery
from collage_lambda.worker import CollageWorker
from stream_ingest.contracts.errors import CoverstreamError
from tests.fakes.ingest.threads import InlineExecutor
from tests.fakes.sqs_delivery import sqs_record
from tests.faults.harness.aws import sqs
from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.aws.sqs_client import FakeSqs
from tests.faults.harness.injector import Fault

if TYPE_CHECKING:
    from tests.faults.harness.simulated_account import SimulatedAccount

_QUEUE = "https://windows"


class WindowMapping:
    """Passes messages of the account's queue to its collage workers."""

    def __init__(self, account: SimulatedAccount, *, timeout_s: float) -> None:
        self._account, self._timeout_s = account, timeout_s
        client: Any = FakeSqs({_QUEUE: account.queue})
        self._redelivery = Redelivery(client, _QUEUE, account.clock)

    def invoke(self, which: int, together: int, faults: Iterable[Fault]) -> list[WindowOutcome]:
        """Invoke a worker with up to `together` visible messages; delete those that succeed.

        Returns the outcomes of those that ended.
        """
        queue, received = self._account.queue, []
        while len(received) < together and (message := queue.receive(which)) is not None:
            received.append(message)
        log = OutcomeLog()
        if received:
            records = [_record(message) for message in received]
            try:
                failed = self._account.workers.run(faults, lambda it: self._work(it, records, log))
            except KilledError:
                return log.outcomes
            for message in received:
                if message.message_id not in failed:
                    queue.delete(message.receipt)
        return log.outcomes

    def _work(self, worker: CollageWorker, records: list[SQSRecord], log: OutcomeLog) -> list[str]:
        account = self._account
        ends_at = account.clock() + self._timeout_s
        delivery = WindowDelivery(
            worker,
            self._redelivery,
            log,
            request_id=account.next_request(),
            remaining_s=lambda: ends_at - account.clock(),
            threads=InlineExecutor(),
        )
        return delivery.work(records)


class OutcomeLog:
    """Collects outcomes; an error that no fault explains is a bug, and is raised."""

    def __init__(self) -> None:
        self.outcomes: list[WindowOutcome] = []

    def received(self, _record: SQSRecord) -> None: ...

    def started(self, _message: Message) -> None: ...

    def resumed(self, _message: Message) -> None: ...

    def ended(self, _message: Message, outcome: WindowOutcome) -> None:
        self.outcomes.append(outcome)

    def failed(self, _error: CoverstreamError) -> None: ...

    def not_scheduled(self, error: Exception) -> None:
        """Accept SQS's refusal if another receipt's worker has deleted the message."""
        if not isinstance(error, ClientError):
            raise error

    def unhandled(self, error: Exception) -> None:
        if not isinstance(error, ClientError):
            raise error


def _record(message: sqs.Message) -> SQSRecord:
    return SQSRecord(
        sqs_record(message.message_id, message.body, message.receives, message.receipt)
    )
