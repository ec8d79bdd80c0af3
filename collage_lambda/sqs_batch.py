"""A delivery of SQS messages, each of which succeeds or fails by itself. Edge.

Answers with a partial batch response: the ids of the messages that SQS has to deliver again. A
message that cannot be decoded fails every time, and so ends in the dead-letter queue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from collage_lambda.telemetry import log_failure, log_unhandled
from stream_ingest.aws.meter import Meter
from stream_ingest.contracts.errors import CoverstreamError

Consume = Callable[[SQSRecord, LambdaContext], None]
Schedule = Callable[[SQSRecord, CoverstreamError], None]


def process_messages(  # noqa: PLR0913, PLR0917 - Lambda's two arguments, and the function's own
    event: dict[str, Any],
    context: LambdaContext,
    consume: Consume,
    schedule: Schedule,
    logger: Logger,
    meter: Meter,
) -> Any:  # noqa: ANN401 - powertools' response, as Lambda wants it
    """Pass each message to `consume`; report, and pass to `schedule`, those for which it raised."""

    def consume_or_log(record: SQSRecord, lambda_context: LambdaContext) -> None:
        try:
            consume(record, lambda_context)
        except CoverstreamError as error:
            log_failure(logger, meter, error)
            try:
                schedule(record, error)
            except (CoverstreamError, ClientError) as unscheduled:  # the queue's timeout holds
                logger.warning("visibility timeout not changed", reason=str(unscheduled))
            raise
        except Exception as error:
            log_unhandled(logger, meter, error)
            raise

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(event, consume_or_log, processor, context)
    meter.add_memory(float(context.memory_limit_in_mb))
    meter.flush()
    return response
