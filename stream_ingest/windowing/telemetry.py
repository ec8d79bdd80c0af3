"""What the windowing Lambdas say of themselves: EMF metrics here, and their `log_lines`. Edge.

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
from stream_ingest.windowing.stream_processor import DeliveryResult
from stream_ingest.windowing.sweeper.open_work import OpenWork
from stream_ingest.windowing.sweeper.sweep import Sweep


def make_logger(service: Service) -> Logger:
    """Return the structured logger of this process."""
    return Logger(service=service)


def log_outcome(logger: Logger, meter: Meter, delivery: Delivery, result: DeliveryResult) -> None:
    """Say what one delivery came to."""
    counts = {
        catalogue.RECORDS_RECEIVED: delivery.records,
        catalogue.ROWS_RECEIVED: delivery.rows,
        catalogue.ROWS_ACCEPTED: result.accepted,
        catalogue.ROWS_DUPLICATE: result.duplicates,
        catalogue.ROWS_RESENT: result.resent,
        catalogue.WINDOWS_CLOSED: len(result.windows),
        catalogue.WINDOWS_NOT_EMITTED: len(result.not_emitted),
        catalogue.RECORDS_QUARANTINED: result.quarantined,
        catalogue.COMMIT_CONFLICTS: result.conflicts,
        catalogue.RECORDS_FAILED: len(result.failures),
    }
    for metric, value in counts.items():
        meter.add(metric, value)
    named = {metric.name: counts[metric] for metric in counts}
    log_lines.log_delivery(logger, delivery, result, named)


def emit_sweep(logger: Logger, meter: Meter, sweep: Sweep) -> None:
    """Say what one sweep did."""
    counts = {
        catalogue.WINDOWS_CLOSED: sweep.closed,
        catalogue.WINDOWS_EMITTED: sweep.emitted,
        catalogue.WINDOWS_NOT_EMITTED: sweep.not_emitted,
        catalogue.WINDOWS_ABANDONED: len(sweep.abandoned),
        catalogue.COMMIT_CONFLICTS: sweep.lost_races,
        catalogue.COVERS_REQUESTED: sweep.covers_requested,
        catalogue.BATCHES_FLUSHED: len(sweep.batches_flushed),
        catalogue.BATCHES_ENDED: len(sweep.batches_ended),
    }
    for metric, value in counts.items():
        meter.add(metric, value)
    meter.write_by_reason(catalogue.ROWS_REFUSED, sweep.refused)
    log_lines.log_sweep(logger, sweep, {metric.name: counts[metric] for metric in counts})


def emit_open_work(meter: Meter, work: OpenWork) -> None:
    """Say how much is under way, and how old the oldest of it is."""
    meter.add(catalogue.BATCHES_OPEN, work.batches)
    meter.add(catalogue.WINDOWS_WAITING, work.windows)
    meter.add(catalogue.OLDEST_WINDOW_AGE, work.oldest_window_age_s)
    meter.add(catalogue.OLDEST_WORK_AGE, work.oldest_age_s)
