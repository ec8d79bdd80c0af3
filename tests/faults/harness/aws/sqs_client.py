"""A low-level client of SQS in front of `FakeQueue`s."""

from __future__ import annotations

from collections.abc import Mapping

from tests.faults.harness.aws.errors import Wire, client_error, known
from tests.faults.harness.aws.sqs import FakeQueue


class FakeSqs:
    """Sends and postpones messages of queues by their URLs."""

    def __init__(self, queues: Mapping[str, FakeQueue]) -> None:
        self._queues = queues

    def send_message(self, **request: Wire) -> Wire:
        """Put a message."""
        known(request, "QueueUrl", "MessageBody", "DelaySeconds", "MessageAttributes")
        queue = self._queues[request["QueueUrl"]]
        return {"MessageId": queue.send(request["MessageBody"], request.get("DelaySeconds", 0))}

    def change_message_visibility(self, **request: Wire) -> Wire:
        """Hide a message for so long from now on; one that is gone is an error."""
        known(request, "QueueUrl", "ReceiptHandle", "VisibilityTimeout")
        try:
            self._queues[request["QueueUrl"]].change_visibility(
                request["ReceiptHandle"], request["VisibilityTimeout"]
            )
        except KeyError as error:
            code = "InvalidParameterValue"
            raise client_error(code, "ChangeMessageVisibility") from error
        return {}
