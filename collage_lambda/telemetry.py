"""What the collage and prefetch Lambdas say of itself: EMF metrics here, and its `log_lines`. Edge.

Dimensions are few, because CloudWatch bills every combination: `service`, and `Reason` for failed
images. Creators, windows and batches go into log lines, URLs and their signatures into neither.
"""

from __future__ import annotations

from datetime import datetime

from aws_lambda_powertools import Logger

from collage_lambda import log_lines
from collage_lambda.lease import WindowLeasedError
from collage_lambda.messages import Message
from collage_lambda.worker import Ending, Outcome
from stream_ingest.aws.meter import Meter
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.errors import CoverstreamError

_ENDING_METRICS = {
    Ending.CREATED: catalogue.COLLAGES_CREATED,
    Ending.FAILED: catalogue.COLLAGES_FAILED,
    Ending.KEPT: catalogue.COLLAGES_KEPT,
    Ending.ALREADY_DONE: catalogue.COLLAGES_ALREADY_DONE,
}


def log_outcome(logger: Logger, meter: Meter, message: Message, outcome: Outcome) -> None:
    """Say how one message ended; flushed at once, so that a later timeout loses no metric."""
    meter.add(_ENDING_METRICS[outcome.ending], 1)
    if outcome.build is not None:
        meter.add(catalogue.BYTES_DOWNLOADED, outcome.build.assembly.bytes_downloaded)
    end = outcome.end
    if end is not None:
        meter.add(catalogue.IMAGES_OK, end.images_ok)
        meter.add(catalogue.IMAGES_FAILED, end.images_failed)
        if message.replay is None:
            waited = datetime.fromisoformat(end.completed_at) - message.event.closed_at
            meter.add(catalogue.WINDOW_LATENCY, round(1000 * waited.total_seconds()))
    meter.flush()
    meter.write_by_reason(catalogue.IMAGES_FAILED, end.failures if end else {})
    log_lines.log_ended(logger, outcome)


def log_failure(logger: Logger, meter: Meter, error: CoverstreamError) -> None:
    """Say why a message has to come again, or belongs into the dead-letter queue."""
    is_leased = isinstance(error, WindowLeasedError)
    meter.add(catalogue.MESSAGES_DEFERRED if is_leased else catalogue.MESSAGES_FAILED, 1)
    meter.flush()
    log_lines.log_failed(logger, error)


def log_unhandled(logger: Logger, meter: Meter, error: Exception) -> None:
    """Say, with its traceback, what nobody foresaw."""
    meter.add(catalogue.MESSAGES_FAILED, 1)
    meter.flush()
    log_lines.log_unhandled(logger, error)
