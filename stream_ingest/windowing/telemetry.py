"""The stream processor's metrics (EMF), with the log lines of each delivery. Edge.

Dimensions are few, because CloudWatch bills every combination; creators and windows go into log
lines.
"""

from __future__ import annotations

from aws_lambda_powertools import Logger

from stream_ingest.aws.meter import Meter
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.metrics import Service
from stream_ingest.windowing import log_lines
from stream_ingest.windowing.delivery import Delivery
from stream_ingest.windowing.delivery_result import DeliveryResult


def make_logger(service: Service) -> Logger:
    """Return the structured logger of this process."""
    return Logger(service=service)


def log_outcome(logger: Logger, meter: Meter, delivery: Delivery, result: DeliveryResult) -> None:
    """Emit the metrics of one delivery and log its result."""
    counts = {
        catalogue.RECORDS_RECEIVED: delivery.records,
        catalogue.ROWS_RECEIVED: delivery.rows,
        catalogue.ROWS_ACCEPTED: result.accepted,
        catalogue.ROWS_DUPLICATE: result.duplicates,
        catalogue.ROWS_BLOCKED: result.blocked,
        catalogue.ROWS_RESENT: result.resent,
        catalogue.WINDOWS_CLOSED: len(result.windows),
        catalogue.WINDOWS_NOT_EMITTED: len(result.not_emitted),
        catalogue.ROWS_DEFERRED: result.deferred,
        catalogue.RECORDS_QUARANTINED: result.quarantined,
        catalogue.COMMIT_CONFLICTS: result.conflicts,
        catalogue.RECORDS_FAILED: len(result.failures),
    }
    for metric, value in counts.items():
        meter.add(metric, value)
    named = {metric.name: counts[metric] for metric in counts}
    log_lines.log_delivery(logger, delivery, result, named)
