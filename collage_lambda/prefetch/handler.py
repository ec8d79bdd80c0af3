"""Lambda: covers that are about to expire are prefetched. Edge.

Takes SQS messages that contain EventBridge envelopes, and answers with a partial batch response.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from collage_lambda.log_lines import make_logger
from collage_lambda.messages import read_expiring
from collage_lambda.prefetch import wiring
from collage_lambda.prefetch.telemetry import log_prefetched
from collage_lambda.telemetry import log_failure, log_unhandled
from stream_ingest.aws.meter import Meter
from stream_ingest.aws.sqs_batch import Consumer, process_messages
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.metrics import Service

logger = make_logger(Service.PREFETCH)
meter = Meter(Service.PREFETCH)


app = cache(wiring.from_environment)


@logger.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ANN401 - powertools' response, as Lambda wants it
    """Prefetch the covers of one delivery and report the messages to be delivered again."""
    return process_messages(event, context, CONSUMER, logger, meter)


def _schedule(record: SQSRecord, error: CoverstreamError) -> None:
    app().redelivery.schedule(record, error)


def _consume(record: SQSRecord, context: LambdaContext) -> None:
    logger.append_keys(message_id=record.message_id, pack=None)
    event = read_expiring(record.body)
    logger.append_keys(pack=event.pack)
    remaining_s = context.get_remaining_time_in_millis() / 1000
    log_prefetched(logger, meter, event, app().prefetcher.prefetch(event, remaining_s))


CONSUMER = Consumer(
    consume=_consume, schedule=_schedule, log_failure=log_failure, log_unhandled=log_unhandled
)
