"""The sweeper's search for files on the intake's account, and what its messages do."""

from __future__ import annotations

from typing import Any

from stream_ingest.contracts.s3_events import OBJECT_CREATED
from stream_ingest.intake.unread.unread_files import UnreadFiles
from tests.fakes.iam.roles import Guarded
from tests.fakes.ingest.aws import TABLE
from tests.fakes.intake_aws import INPUT, IntakeAws


def unread(intake: IntakeAws, **clients: Any) -> UnreadFiles:  # noqa: ANN401 - boto3's
    """Return the search of a new sweeper, with the rights of its role."""
    own = {"s3": intake.s3, "sqs": intake.sqs, "dynamodb": intake.aws.dynamodb} | clients
    guarded: dict[str, Any] = {
        name: Guarded(client, name, "sweeper") for name, client in own.items()
    }
    return UnreadFiles(
        **guarded,
        table_name=TABLE,
        bucket=INPUT,
        queue_url=intake.queue,
        defaults=intake.defaults,
        threads=intake.aws.threads,
        clock=intake.clock,
    )


def event_of(detail: dict[str, Any]) -> dict[str, Any]:
    """Return EventBridge's event with a detail."""
    return {"detail-type": OBJECT_CREATED, "detail": detail}


def received(intake: IntakeAws) -> list[str]:
    """Receive and delete the messages of the queue; return their bodies."""
    bodies = []
    while messages := intake.waiting(intake.queue):
        for message in messages:
            intake.sqs.delete_message(QueueUrl=intake.queue, ReceiptHandle=message["ReceiptHandle"])
            bodies.append(message["Body"])
    return bodies


def run_all(intake: IntakeAws) -> None:
    """Handle what is in the queue."""
    for number, body in enumerate(received(intake)):
        assert intake.handle(body, message_id=f"swept-{number}-{intake.clock()}")


def batches(intake: IntakeAws) -> list[str]:
    """Return the ids of all batches."""
    return [
        item["creator_name"]["S"].removeprefix("batch#")
        for item in intake.aws.snapshot()
        if item["item"]["S"] == "batch"
    ]
