"""The intake's metrics (EMF). Edge.

The log lines are where the messages are handled. Batches and files are no dimensions, as CloudWatch
bills every combination.
"""

from __future__ import annotations

from stream_ingest.aws.meter import Meter
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.intake.job_runner import JobOutcome, JobReport


class Telemetry:
    """Emits what became of files and messages; the handler flushes it."""

    def __init__(self, meter: Meter) -> None:
        """Emit with the process's meter."""
        self._meter = meter

    def report(self, report: JobReport) -> None:
        """Emit how an invocation left a job."""
        outcome = report.outcome
        is_rejected = outcome is JobOutcome.REJECTED
        counts = {
            catalogue.FILES_READ: outcome is JobOutcome.DONE,
            catalogue.FILES_CUT: outcome is JobOutcome.UNREADABLE,
            catalogue.FILES_GONE: outcome is JobOutcome.GONE,
            catalogue.FILES_REJECTED: is_rejected,
            catalogue.FILES_CONTINUED: outcome in {JobOutcome.UNFINISHED, JobOutcome.BLOCKED},
            catalogue.FILE_ROWS: report.totals.rows_read,
            catalogue.FILE_ROWS_REFUSED: sum(report.totals.refused.values()),
            catalogue.FILE_BYTES: report.size,
        }
        for metric, value in counts.items():
            self._meter.add(metric, int(value))
        if is_rejected and report.why is not None:
            self._meter.write_by_reason(catalogue.FILES_REJECTED, {report.why: 1})

    def count_failure(self) -> None:
        """Emit that a message failed."""
        self._meter.add(catalogue.MESSAGES_FAILED, 1)
