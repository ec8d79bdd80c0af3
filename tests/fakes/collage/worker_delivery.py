"""Deliveries of several windows to a worker on moto."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from collage_lambda.delivery import WindowDelivery
from collage_lambda.redelivery import Redelivery
from collage_lambda.worker import CollageWorker
from stream_ingest.contracts.events import WindowReady
from tests.fakes.collage.delivery_bench import Log
from tests.fakes.collage.events import envelope
from tests.fakes.collage.worker_bench import WorkerBench
from tests.fakes.sqs_delivery import sqs_record


def deliver(
    bench: WorkerBench,
    *events: WindowReady,
    receives: int = 1,
    worker: CollageWorker | None = None,
    **of_worker: Any,  # noqa: ANN401 - as the bench takes them
) -> tuple[list[str], Log]:
    """Deliver windows together; return those whose messages failed, and the log."""
    log = Log()
    delivery = WindowDelivery(
        worker or bench.worker(**of_worker),
        Redelivery(bench.aws.sqs.client, "queue", bench.clock),
        log,
        request_id="request",
        remaining_s=lambda: 60,
        threads=bench.threads,
    )
    bodies = {each.window_id: envelope(each) for each in events}
    records = [sqs_record(name, body, receives, name) for name, body in bodies.items()]
    return delivery.work([SQSRecord(each) for each in records]), log
