"""Metrics (EMF) and log lines of the collage and prefetch Lambdas. Edge.

There are only two dimensions, because CloudWatch bills every combination: `service`, and `Reason`
for failed images. Creators, windows and batches are in log lines, and properties of the line with a
window's duration; URLs and their signatures are in neither.
"""

from __future__ import annotations

from datetime import datetime

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from collage_lambda import log_lines
from collage_lambda.lease import WindowLeasedError
from collage_lambda.messages import Message
from collage_lambda.outcomes import Ending, WindowOutcome
from stream_ingest.aws.meter import Meter
from stream_ingest.aws.sqs_batch import log_not_scheduled
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.errors import CoverstreamError

_ENDING_METRICS = {
    Ending.CREATED: catalogue.COLLAGES_CREATED,
    Ending.FAILED: catalogue.COLLAGES_FAILED,
    Ending.KEPT: catalogue.COLLAGES_KEPT,
    Ending.ALREADY_DONE: catalogue.COLLAGES_ALREADY_DONE,
    Ending.ERASED: catalogue.COLLAGES_ERASED,
    Ending.CANCELLED: catalogue.COLLAGES_CANCELLED,
}


def log_outcome(logger: Logger, meter: Meter, message: Message, outcome: WindowOutcome) -> None:
    """Report how one message ended; flushed at once, so that a later timeout loses no metric."""
    meter.add(_ENDING_METRICS[outcome.ending], 1)
    if outcome.build is not None:
        meter.add(catalogue.BYTES_DOWNLOADED, outcome.build.assembly.bytes_downloaded)
    end = outcome.end
    if end is not None:
        meter.add(catalogue.IMAGES_OK, end.images_ok)
        meter.add(catalogue.IMAGES_FAILED, end.images_failed)
        meter.add(catalogue.PROCESSING_DURATION, end.duration_ms)
        meter.add_property("creator", message.event.creator)
        meter.add_property("window_id", message.event.window_id)
        meter.add_property("batch_id", message.event.batch_id)
        if message.replay is None:
            waited = datetime.fromisoformat(end.completed_at) - message.event.closed_at
            meter.add(catalogue.WINDOW_LATENCY, round(1000 * waited.total_seconds()))
    meter.flush()
    meter.write_by_reason(catalogue.IMAGES_FAILED, end.failures if end else {})
    log_lines.log_ended(logger, message, outcome)


def log_failure(logger: Logger, meter: Meter, error: CoverstreamError) -> None:
    """Report a message that will be delivered again, or become a dead letter."""
    is_leased = isinstance(error, WindowLeasedError)
    meter.add(catalogue.MESSAGES_DEFERRED if is_leased else catalogue.MESSAGES_FAILED, 1)
    meter.flush()
    log_lines.log_failed(logger, error)


def log_unhandled(logger: Logger, meter: Meter, error: Exception) -> None:
    """Report an unexpected exception with its traceback."""
    meter.add(catalogue.MESSAGES_FAILED, 1)
    meter.flush()
    log_lines.log_unhandled(logger, error)


class Telemetry:
    """Reports about the collage Lambda's messages (`collage_lambda.delivery.DeliveryLog`)."""

    def __init__(self, logger: Logger, meter: Meter) -> None:
        """Write log lines by `logger`, metrics by `meter`."""
        self._logger, self._meter = logger, meter

    def received(self, record: SQSRecord) -> None:
        """Add the message to all following lines."""
        log_lines.log_received(self._logger, record)

    def started(self, message: Message) -> None:
        """Log that a window is taken up."""
        log_lines.log_started(self._logger, message)

    def resumed(self, message: Message) -> None:
        """Add a window that was taken up before to all following lines."""
        log_lines.add_window(self._logger, message)

    def ended(self, message: Message, outcome: WindowOutcome) -> None:
        """Report how a message ended."""
        log_outcome(self._logger, self._meter, message, outcome)

    def failed(self, error: CoverstreamError) -> None:
        """Report a message that will be delivered again, or become a dead letter."""
        log_failure(self._logger, self._meter, error)

    def not_scheduled(self, error: Exception) -> None:
        """Log that a visibility timeout could not be changed."""
        log_not_scheduled(self._logger, error)

    def unhandled(self, error: Exception) -> None:
        """Report an unexpected exception with its traceback."""
        log_unhandled(self._logger, self._meter, error)
