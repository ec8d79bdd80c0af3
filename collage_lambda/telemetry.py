"""What the collage Lambda says of itself: log lines and EMF metrics. Edge.

Dimensions are few, because CloudWatch bills every combination: `service`, and `Reason` for failed
images. Creators, windows and batches go into log lines, URLs and their signatures into neither.
"""

from __future__ import annotations

from datetime import datetime

from aws_lambda_powertools import Logger

from collage_lambda.messages import Message
from collage_lambda.windows import WindowLeasedError
from collage_lambda.worker import Ending, Outcome
from ops_dashboard import metrics as catalogue
from ops_dashboard.metrics import Service
from stream_ingest.errors import CoverstreamError
from stream_ingest.meter import Meter

_ENDING_METRICS = {
    Ending.CREATED: catalogue.COLLAGES_CREATED,
    Ending.FAILED: catalogue.COLLAGES_FAILED,
    Ending.KEPT: catalogue.COLLAGES_KEPT,
    Ending.ALREADY_DONE: catalogue.COLLAGES_ALREADY_DONE,
}


def make_logger() -> Logger:
    """Return the structured logger of this process."""
    return Logger(service=Service.COLLAGE)


def tell_outcome(logger: Logger, meter: Meter, message: Message, outcome: Outcome) -> None:
    """Say how one message ended; flushed at once, so that a later timeout loses no metric."""
    meter.add(_ENDING_METRICS[outcome.ending], 1)
    if outcome.build is not None:
        meter.add(catalogue.BYTES_DOWNLOADED, outcome.build.assembly.bytes_downloaded)
    end = outcome.end
    if end is not None:
        meter.add(catalogue.IMAGES_OK, end.images_ok)
        meter.add(catalogue.IMAGES_FAILED, end.images_failed)
        meter.add(catalogue.COLLAGE_DURATION, end.duration_ms)
        if message.replay is None:
            waited = datetime.fromisoformat(end.completed_at) - message.event.closed_at
            meter.add(catalogue.WINDOW_LATENCY, round(1000 * waited.total_seconds()))
    meter.flush()
    meter.write_by_reason(catalogue.IMAGES_FAILED, end.failures if end else {})
    logger.info(
        "window ended",
        ending=str(outcome.ending),
        window_id=message.event.window_id,
        batch_id=message.event.batch_id,
        replay=message.replay,
        images_ok=end.images_ok if end else None,
        failures=end.failures if end else None,
        duration_ms=end.duration_ms if end else None,
        collage_key=end.collage_key if end else None,
        error=end.error if end else None,
        timings_ms=outcome.build.timings_ms if outcome.build else None,
    )


def tell_failure(
    logger: Logger, meter: Meter, message: Message | None, error: CoverstreamError
) -> None:
    """Say why a message has to come again, or belongs into the dead-letter queue."""
    is_leased = isinstance(error, WindowLeasedError)
    meter.add(catalogue.MESSAGES_DEFERRED if is_leased else catalogue.MESSAGES_FAILED, 1)
    meter.flush()
    logger.warning(
        "message failed",
        window_id=message.event.window_id if message else None,
        batch_id=message.event.batch_id if message else None,
        error=type(error).__name__,
        reason=str(error)[:1000],
    )


def tell_bug(logger: Logger, meter: Meter, message: Message | None, error: Exception) -> None:
    """Say, with its traceback, what nobody foresaw."""
    meter.add(catalogue.MESSAGES_FAILED, 1)
    meter.flush()
    logger.error(
        "a bug, or a right that is missing",
        exc_info=error,
        window_id=message.event.window_id if message else None,
        batch_id=message.event.batch_id if message else None,
    )
