"""Lambda: windows that are ready become collages. Edge.

Takes SQS messages that contain EventBridge envelopes, and answers with a partial batch response.
"""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from collage_lambda import wiring
from collage_lambda.log_lines import log_received, log_started, make_logger
from collage_lambda.messages import read_message
from collage_lambda.telemetry import log_failure, log_outcome, log_unhandled
from stream_ingest.aws.meter import Meter
from stream_ingest.aws.sqs_batch import Consumer, process_messages
from stream_ingest.contracts.errors import CoverstreamError
from stream_ingest.contracts.metrics import Service
from stream_ingest.contracts.network_probe import probe_of

logger = make_logger()
meter = Meter(Service.COLLAGE)


app = cache(wiring.from_environment)


@logger.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ANN401 - powertools' response, as Lambda wants it
    """Build the collages of one delivery and report the messages that SQS has to deliver again.

    A probe of the network is answered instead.
    """
    probe = probe_of(event)
    if probe is not None:
        return app().answer_probe(probe)
    return process_messages(event, context, CONSUMER, logger, meter)


def _schedule(record: SQSRecord, error: CoverstreamError) -> None:
    app().redelivery.schedule(record, error)


def _consume(record: SQSRecord, context: LambdaContext) -> None:
    log_received(logger, record)
    message = read_message(record.body)
    log_started(logger, message)
    remaining_s = context.get_remaining_time_in_millis() / 1000
    # One receipt of one message, even if Lambda repeats an invocation under its request id.
    owner = f"{context.aws_request_id}/{record.message_id}/{secrets.token_hex(4)}"
    outcome = app().worker.work(message, owner=owner, remaining_s=remaining_s)
    log_outcome(logger, meter, message, outcome)


CONSUMER = Consumer(
    consume=_consume, schedule=_schedule, log_failure=log_failure, log_unhandled=log_unhandled
)
