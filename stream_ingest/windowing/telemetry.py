"""What the windowing Lambdas say of themselves: log lines and EMF metrics. Edge.

Dimensions are few, because CloudWatch bills every combination; creators and windows go into log
lines.
"""

from __future__ import annotations

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from stream_ingest import environment
from stream_ingest.windowing.delivery import Delivery
from stream_ingest.windowing.sweeper import Sweep
from stream_ingest.windowing.windowing import Outcome

SERVICE = "windowing"


def make_logger() -> Logger:
    """Return the structured logger of this process."""
    return Logger(service=SERVICE)


def make_metrics() -> Metrics:
    """Return the EMF metrics of this process; flushed by the handler's decorator."""
    return Metrics(namespace=environment.METRICS_NAMESPACE, service=SERVICE)


def tell_outcome(logger: Logger, metrics: Metrics, delivery: Delivery, outcome: Outcome) -> None:
    """Say what one delivery came to."""
    counts = {
        "RecordsReceived": delivery.records,
        "RowsReceived": delivery.rows,
        "RowsAccepted": outcome.accepted,
        "RowsDuplicate": outcome.duplicates,
        "RowsResent": outcome.resent,
        "WindowsClosed": len(outcome.windows),
        "WindowsNotEmitted": len(outcome.not_emitted),
        "RecordsQuarantined": outcome.quarantined,
        "CommitConflicts": outcome.conflicts,
        "RecordsFailed": len(outcome.failures),
    }
    for name, value in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    logger.info("delivery folded", counts=counts)
    for window in outcome.windows:
        logger.info(
            "window closed",
            window_id=window.window_id,
            batch_id=window.batch_id,
            images=window.image_count,
            because=window.closed_because,
        )
    for poison in delivery.poison:
        logger.error(
            "record quarantined",
            sequence_number=str(poison.sequence),
            partition_key=poison.partition_key,
            reason=poison.reason,
        )
    for sequence, reason in outcome.failures.items():
        logger.warning("record to be redelivered", sequence_number=str(sequence), reason=reason)


def tell_sweep(logger: Logger, metrics: Metrics, sweep: Sweep) -> None:
    """Say what one sweep did."""
    counts = {
        "SweptWindowsClosed": sweep.closed,
        "SweptWindowsEmitted": sweep.emitted,
        "SweptWindowsNotEmitted": sweep.not_emitted,
        "SweptWindowsGivenUp": len(sweep.given_up),
        "BatchesFlushed": len(sweep.batches_flushed),
        "BatchesEnded": len(sweep.batches_ended),
    }
    for name, value in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    logger.info("swept", counts=counts, flushed=sweep.batches_flushed, ended=sweep.batches_ended)
