"""The sweeper's metrics (EMF), with the log line of each sweep. Edge."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from stream_ingest.aws.meter import Meter
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.windowing.sweeper.log_lines import log_sweep
from stream_ingest.windowing.sweeper.open_work import OpenWork
from stream_ingest.windowing.sweeper.sweep import Sweep


def emit_sweep(logger: Logger, meter: Meter, sweep: Sweep) -> None:
    """Emit the metrics of one sweep and log its result."""
    counts = {
        catalogue.WINDOWS_CLOSED: sweep.closed,
        catalogue.WINDOWS_EMITTED: sweep.emitted,
        catalogue.WINDOWS_NOT_EMITTED: sweep.not_emitted,
        catalogue.WINDOWS_ABANDONED: len(sweep.abandoned),
        catalogue.COMMIT_CONFLICTS: sweep.lost_races,
        catalogue.FILES_FOUND: len(sweep.files_started),
        catalogue.COVERS_REQUESTED: sweep.covers_requested,
        catalogue.BATCHES_FLUSHED: len(sweep.batches_flushed),
        catalogue.BATCHES_ENDED: len(sweep.batches_ended),
        catalogue.BATCHES_ABANDONED: len(sweep.batches_abandoned),
        catalogue.BATCHES_REJECTED: len(sweep.batches_rejected),
        catalogue.BATCHES_INCOMPLETE: len(sweep.batches_incomplete),
    }
    for metric, value in counts.items():
        meter.add(metric, value)
    meter.write_by_reason(catalogue.ROWS_REFUSED, sweep.refused)
    log_sweep(logger, sweep, {metric.name: counts[metric] for metric in counts})


def emit_open_work(meter: Meter, work: OpenWork, discarded: int) -> None:
    """Emit how much is under way, the ages of the oldest, and what Lambda has discarded."""
    meter.add(catalogue.BATCHES_OPEN, work.batches)
    meter.add(catalogue.WINDOWS_WAITING, work.windows)
    meter.add(catalogue.OLDEST_WINDOW_AGE, work.oldest_window_age_s)
    meter.add(catalogue.OLDEST_WORK_AGE, work.oldest_age_s)
    meter.add(catalogue.ITEMS_UNREADABLE, work.unreadable)
    meter.add(catalogue.DELIVERIES_DISCARDED, discarded)
