"""Lambda: covers that are about to expire are prefetched. Edge.

Takes SQS messages that hold EventBridge envelopes and answers with a partial batch response, as the
collage Lambda does.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from collage_lambda.log_lines import make_logger
from collage_lambda.messages import read_expiring
from collage_lambda.prefetch import wiring
from collage_lambda.prefetch.telemetry import log_prefetched
from collage_lambda.telemetry import log_failure, log_unhandled
from stream_ingest.aws.meter import Meter
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.metrics import Service

logger = make_logger(Service.PREFETCH)
meter = Meter(Service.PREFETCH)
processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ANN401 - powertools' response, as Lambda wants it
    """Prefetch the covers of one delivery and report the messages that have to come again."""
    answer = process_partial_response(event, _consume, processor, context)
    meter.add_memory(float(context.memory_limit_in_mb))
    meter.flush()
    return answer


def _consume(record: SQSRecord, lambda_context: LambdaContext) -> None:
    logger.append_keys(message_id=record.message_id, pack=None)
    try:
        event = read_expiring(record.body)
        logger.append_keys(pack=event.pack)
        remaining_s = lambda_context.get_remaining_time_in_millis() / 1000
        log_prefetched(logger, meter, event, wiring.prefetcher().prefetch(event, remaining_s))
    except CoverstreamError as error:
        log_failure(logger, meter, error)
        raise
    except Exception as error:
        log_unhandled(logger, meter, error)
        raise
