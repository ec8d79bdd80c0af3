"""A delivery of SQS messages, each of which succeeds or fails by itself. Edge.

Answers with a partial batch response: the ids of the messages that SQS has to deliver again. A
message that cannot be decoded fails every time, and so ends in the dead-letter queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
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

from stream_ingest.aws.meter import Meter
from stream_ingest.contracts.errors import CoverstreamError

Consume = Callable[[SQSRecord, LambdaContext], None]
Schedule = Callable[[SQSRecord, CoverstreamError], None]


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """What a function does with one message, and how it reports one that failed."""

    consume: Consume
    schedule: Schedule
    """Decides when a message that failed is received again."""
    log_failure: Callable[[Logger, Meter, CoverstreamError], None]
    log_unhandled: Callable[[Logger, Meter, Exception], None]


def process_messages(
    event: dict[str, Any], context: LambdaContext, consumer: Consumer, logger: Logger, meter: Meter
) -> Any:  # noqa: ANN401 - powertools' response, as Lambda wants it
    """Pass each message to the consumer; report, and schedule, those for which it raised."""

    def consume_or_log(record: SQSRecord, lambda_context: LambdaContext) -> None:
        try:
            consumer.consume(record, lambda_context)
        except CoverstreamError as error:
            consumer.log_failure(logger, meter, error)
            try:
                consumer.schedule(record, error)
            except (CoverstreamError, ClientError) as unscheduled:  # the queue's timeout holds
                log_not_scheduled(logger, unscheduled)
            raise
        except Exception as error:
            consumer.log_unhandled(logger, meter, error)
            raise

    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    response = process_partial_response(event, consume_or_log, processor, context)
    meter.add_memory(float(context.memory_limit_in_mb))
    meter.flush()
    return response


def failed_items(message_ids: Iterable[str]) -> dict[str, Any]:
    """Return the partial batch response that reports some messages. Pure."""
    return {"batchItemFailures": [{"itemIdentifier": each} for each in message_ids]}


def log_not_scheduled(logger: Logger, error: Exception) -> None:
    """Log that the queue's own visibility timeout applies to a message that failed."""
    logger.warning("visibility timeout not changed", reason=str(error))
