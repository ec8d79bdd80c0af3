"""Lambda: messages of the intake's queue, and direct invocations, become batches. Edge."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from stream_ingest.aws.meter import Meter
from stream_ingest.contracts.metrics import Service
from stream_ingest.contracts.s3_events import source_of
from stream_ingest.intake import wiring

PAUSE_SHARE = 0.3
"""Share of an invocation's time that is left for the chunk in progress and for its continuation."""
QUEUE_SOURCE = "aws:sqs"
Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]
logger = wiring.make_logger()
meter = Meter(Service.INTAKE)


def make_handler(app: Callable[[], wiring.App]) -> Handler:
    """Return the Lambda handler of an app, which is called for at each event."""

    @logger.inject_lambda_context(clear_state=True)
    def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Handle a queue's messages and report those to receive again; answer anything else."""
        left_s = context.get_remaining_time_in_millis() / 1_000
        ends_at = time.time() + left_s
        pause_at = ends_at - PAUSE_SHARE * left_s
        if isinstance(event, dict) and source_of(event) == QUEUE_SOURCE:
            failed = [
                {"itemIdentifier": record["messageId"]}
                for record in event["Records"]
                if not app().messages.handle(record, pause_at=pause_at, ends_at=ends_at)
            ]
            response: dict[str, Any] = {"batchItemFailures": failed}
        else:
            request_id = context.aws_request_id
            response = app().direct.answer(event, request_id, pause_at=pause_at, ends_at=ends_at)
        meter.add_memory(float(context.memory_limit_in_mb))
        meter.flush()
        return response

    return handle


handle = make_handler(cache(lambda: wiring.from_environment(meter)))
