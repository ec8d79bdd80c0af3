"""What the collage Lambda says of itself: log lines and EMF metrics. Edge.

Dimensions are few, because CloudWatch bills every combination: `service`, and `Reason` for failed
images. Creators, windows and batches go into log lines, URLs and their signatures into neither.
"""

from __future__ import annotations

import resource

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit, single_metric

from collage_lambda.messages import Message
from collage_lambda.worker import Ending, Outcome
from stream_ingest import environment
from stream_ingest.errors import CoverstreamError

SERVICE = "collage"
_ENDING_METRICS = {
    Ending.CREATED: "CollagesCreated",
    Ending.FAILED: "CollagesFailed",
    Ending.KEPT: "CollagesKept",
    Ending.ALREADY_DONE: "CollagesAlreadyDone",
}
MESSAGES_FAILED = "MessagesFailed"
_KB_PER_MB = 1024


def make_logger() -> Logger:
    """Return the structured logger of this process."""
    return Logger(service=SERVICE)


def make_metrics() -> Metrics:
    """Return the EMF metrics of this process."""
    return Metrics(namespace=environment.METRICS_NAMESPACE, service=SERVICE)


def tell_outcome(logger: Logger, metrics: Metrics, message: Message, outcome: Outcome) -> None:
    """Say how one message ended; flushed at once, so that a later timeout loses no metric."""
    metrics.add_metric(_ENDING_METRICS[outcome.ending], MetricUnit.Count, 1)
    metrics.add_metric("PeakMemoryMb", MetricUnit.Megabytes, peak_memory_mb())
    if outcome.build is not None:
        downloaded = outcome.build.assembly.bytes_downloaded
        metrics.add_metric("BytesDownloaded", MetricUnit.Bytes, downloaded)
    end = outcome.end
    if end is not None:
        metrics.add_metric("ImagesOk", MetricUnit.Count, end.images_ok)
        metrics.add_metric("ImagesFailed", MetricUnit.Count, end.images_failed)
        metrics.add_metric("CollageDurationMs", MetricUnit.Milliseconds, end.duration_ms)
    metrics.flush_metrics()
    for reason, count in (end.failures if end else {}).items():
        with single_metric(
            namespace=environment.METRICS_NAMESPACE,
            name="ImagesFailed",
            unit=MetricUnit.Count,
            value=count,
        ) as metric:
            metric.add_dimension("service", SERVICE)
            metric.add_dimension("Reason", reason)
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
    logger: Logger, metrics: Metrics, message: Message | None, error: CoverstreamError
) -> None:
    """Say why a message has to come again, or belongs into the dead-letter queue."""
    metrics.add_metric(MESSAGES_FAILED, MetricUnit.Count, 1)
    metrics.flush_metrics()
    logger.warning(
        "message failed",
        window_id=message.event.window_id if message else None,
        batch_id=message.event.batch_id if message else None,
        error=type(error).__name__,
        reason=str(error)[:1000],
    )


def tell_bug(logger: Logger, metrics: Metrics, message: Message | None, error: Exception) -> None:
    """Say, with its traceback, what nobody foresaw."""
    metrics.add_metric(MESSAGES_FAILED, MetricUnit.Count, 1)
    metrics.flush_metrics()
    logger.error(
        "a bug, or a right that is missing",
        exc_info=error,
        window_id=message.event.window_id if message else None,
        batch_id=message.event.batch_id if message else None,
    )


def peak_memory_mb() -> float:
    """Return the most resident memory that this process ever had, in MB (Linux counts in KB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KB_PER_MB
