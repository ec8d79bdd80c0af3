"""Metrics (EMF) and log lines of the rendition Lambda. Edge.

The only dimensions are `service`, and `Reason` for photos that fail. Keys and galleries are in log
lines, because CloudWatch bills every combination of dimensions.
"""

from __future__ import annotations

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from rendition_lambda.cdn import InvalidationError
from rendition_lambda.lifecycle import PhotoLeasedError
from rendition_lambda.photo_work import Ending, Outcome
from rendition_lambda.sweeping.sweep import Swept
from stream_ingest.aws.meter import Meter
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts import photo_metrics
from stream_ingest.contracts.errors import CoverstreamError

_MAX_REASON_CHARS = 1_000
_ENDING_METRICS = {
    Ending.CREATED: photo_metrics.PHOTOS_RENDERED,
    Ending.FAILED: photo_metrics.PHOTOS_FAILED,
    Ending.SKIPPED: photo_metrics.PHOTOS_SKIPPED,
    Ending.REMOVED: photo_metrics.PHOTOS_REMOVED,
    Ending.NOTHING: photo_metrics.PHOTOS_UNCHANGED,
}


def log_received(logger: Logger, record: SQSRecord) -> None:
    """Add the message to all following lines."""
    logger.append_keys(
        message_id=record.message_id,
        receives=record.attributes.approximate_receive_count,
        photo=None,
    )


def log_outcome(logger: Logger, meter: Meter, outcome: Outcome, ms: int) -> None:
    """Report how one photo ended and how long it took; flushed at once, as a timeout may follow."""
    photo, is_failed = outcome.photo, outcome.ending is Ending.FAILED
    meter.add(_ENDING_METRICS[outcome.ending], 1)
    if photo is not None and outcome.ending is Ending.CREATED:
        meter.add(photo_metrics.PHOTO_DURATION, ms)
        meter.add(photo_metrics.PHOTO_BYTES, photo.bytes)
    meter.flush()
    meter.write_by_reason(
        photo_metrics.PHOTOS_FAILED, {photo.reason: 1} if photo and is_failed else {}
    )
    logger.info(
        "photo ended",
        ending=str(outcome.ending),
        gallery=photo.gallery if photo else None,
        version=photo.version if photo else None,
        reason=photo.reason if photo else None,
        detail=photo.detail if photo else None,
        duration_ms=ms,
    )


def log_sweep(logger: Logger, meter: Meter, swept: Swept) -> None:
    """Report what a sweep did, and what was overdue."""
    meter.add(photo_metrics.PHOTOS_OVERDUE, swept.announced + swept.requested + len(swept.errors))
    meter.add(photo_metrics.OLDEST_PHOTO_AGE, swept.oldest_age_s)
    meter.flush()
    for line in swept.errors:
        logger.warning("photo not swept", reason=line[:_MAX_REASON_CHARS])
    if swept.announced or swept.requested or swept.expected:
        logger.info(
            "photos swept",
            announced=swept.announced,
            requested=swept.requested,
            expected=swept.expected,
        )


def log_postponed(logger: Logger, meter: Meter, error: CoverstreamError) -> None:
    """Report a photo whose turn comes later, by another message."""
    meter.add(catalogue.MESSAGES_DEFERRED, 1)
    _count_invalidation(meter, error)
    meter.flush()
    logger.info("photo postponed", reason=str(error))


def log_failure(logger: Logger, meter: Meter, error: CoverstreamError) -> None:
    """Report a message that will be delivered again, or become a dead letter."""
    is_leased = isinstance(error, PhotoLeasedError)
    meter.add(catalogue.MESSAGES_DEFERRED if is_leased else catalogue.MESSAGES_FAILED, 1)
    _count_invalidation(meter, error)
    meter.flush()
    logger.warning(
        "message failed", error=type(error).__name__, reason=str(error)[:_MAX_REASON_CHARS]
    )


def _count_invalidation(meter: Meter, error: CoverstreamError) -> None:
    if isinstance(error, InvalidationError):
        meter.add(photo_metrics.INVALIDATIONS_FAILED, 1)


def log_unhandled(logger: Logger, meter: Meter, error: Exception) -> None:
    """Report an unexpected exception with its traceback."""
    meter.add(catalogue.MESSAGES_FAILED, 1)
    meter.flush()
    logger.error("a bug, or a right that is missing", exc_info=error)
