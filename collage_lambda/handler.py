"""Lambda: windows that are ready become collages. Edge.

Takes SQS messages that hold EventBridge envelopes and answers with a partial batch response. A
message that cannot be read is reported as failed every time, and so ends in the dead-letter queue.
"""

from __future__ import annotations

import secrets
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from collage_lambda import wiring
from collage_lambda.log_lines import log_received, log_started, make_logger
from collage_lambda.messages import read_message
from collage_lambda.telemetry import log_failure, log_outcome, log_unhandled
from stream_ingest.aws.meter import Meter
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.metrics import Service

logger = make_logger()
meter = Meter(Service.COLLAGE)
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ANN401 - powertools' response, as Lambda wants it
    """Build the collages of one delivery and report the messages that have to come again."""
    answer = process_partial_response(event, _consume, processor, context)
    meter.add_memory(float(context.memory_limit_in_mb))
    meter.flush()
    return answer


def _consume(record: SQSRecord, lambda_context: LambdaContext) -> None:
    log_received(logger, record)
    try:
        message = read_message(record.body)
        log_started(logger, message)
        remaining_s = lambda_context.get_remaining_time_in_millis() / 1000
        # One receipt of one message, even if AWS should call again under the same request id.
        owner = f"{lambda_context.aws_request_id}/{record.message_id}/{secrets.token_hex(4)}"
        outcome = wiring.worker().work(message, owner=owner, remaining_s=remaining_s)
        log_outcome(logger, meter, message, outcome)
    except CoverstreamError as error:
        log_failure(logger, meter, error)
        raise
    except Exception as error:
        log_unhandled(logger, meter, error)
        raise
