"""Lambda: photos become their renditions or rotations. Edge.

Takes SQS messages with events of S3 or requests to render, and answers with a partial batch
response.
"""

from __future__ import annotations

import secrets
import time
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from rendition_lambda import wiring
from rendition_lambda.cdn import CdnBusyError
from rendition_lambda.messages import read_hints, request_of
from rendition_lambda.sweeping.sweep import SWEEP
from rendition_lambda.telemetry import (
    log_failure,
    log_outcome,
    log_postponed,
    log_received,
    log_sweep,
    log_unhandled,
)
from stream_ingest.aws.meter import Meter
from stream_ingest.aws.sqs_batch import Consumer, process_messages
from stream_ingest.contracts.errors import CoverstreamError, TransientError
from stream_ingest.contracts.metrics import Service

logger = Logger(service=Service.PHOTOS)
meter = Meter(Service.PHOTOS)

CDN_WAIT_S = 60
"""After how long a photo is taken up again for which CloudFront was too busy."""

app = cache(wiring.from_environment)


@logger.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> Any:  # noqa: ANN401 - powertools' response, as Lambda wants it
    """Reconcile the photos of one delivery and report messages to be delivered again; or sweep."""
    if event.get(SWEEP):
        return _sweep(context)
    return process_messages(event, context, CONSUMER, logger, meter)


def _sweep(context: LambdaContext) -> None:
    """Announce and request what is overdue; raises if a photo could not be."""
    owner = f"{context.aws_request_id}/sweep/{secrets.token_hex(4)}"
    swept = app().sweep.run(owner, lambda: context.get_remaining_time_in_millis() / 1_000)
    log_sweep(logger, meter, swept)
    if swept.errors:
        raise TransientError(swept.errors[0])


def _schedule(record: SQSRecord, error: CoverstreamError) -> None:
    app().redelivery.schedule(record, error)


def _consume(record: SQSRecord, context: LambdaContext) -> None:
    log_received(logger, record)
    receives = int(record.attributes.approximate_receive_count)
    for hint in read_hints(record.body, app().uploads_bucket, app().other_buckets):
        started_s = time.monotonic()
        logger.append_keys(photo=hint.key)
        try:
            outcome = app().reconciler.reconcile(
                hint.key,
                # One receipt of one message, even if Lambda repeats an invocation.
                owner=f"{context.aws_request_id}/{record.message_id}/{secrets.token_hex(4)}",
                remaining_s=context.get_remaining_time_in_millis() / 1_000,
                is_last=receives >= app().max_receives,
                again=hint.again,
                run=hint.run,
            )
        except CdnBusyError as error:
            # By another message, which has no receipts yet: thousands of photos may be waiting.
            request = request_of(hint, app().uploads_bucket)
            app().requests.send(request, delay_s=CDN_WAIT_S)
            log_postponed(logger, meter, error)
            continue
        took_ms = round(1_000 * (time.monotonic() - started_s))
        log_outcome(logger, meter, outcome, took_ms)


CONSUMER = Consumer(
    consume=_consume, schedule=_schedule, log_failure=log_failure, log_unhandled=log_unhandled
)
