"""Time and requests of reading a job's rows from dropped files. Pure.

A file is read by one invocation after the other: each stops at 70 % of its time, after a chunk, and
sends the message that the next one continues. Files are read at once up to
``intakeMaxConcurrency``, of which a plan takes as many as are as fast as a push.
"""

from __future__ import annotations

import math

import msgspec

from ops_dashboard.monitoring import cost
from ops_dashboard.planner.measured import Figures
from ops_dashboard.planner.workload import Job

MEMORY_MB = 1_769
"""``intakeMemoryMb``: one vCPU."""
TIMEOUT_S = 300
"""``intakeTimeoutS``."""
READING_SHARE = 0.7
"""Share of an invocation's time after which it stops (`intake.handler.PAUSE_SHARE` is left)."""
CHUNK_ROWS = 50_000
"""Rows after which the records of all buckets are complete, stored and sent (`push.push`)."""
BLOCK_BYTES = 4 << 20
"""Bytes of a range that is read (`intake.objects`)."""
MIN_AT_ONCE = 2
"""Minimum of an SQS event source mapping (docs/facts.md#sqs)."""
_FILE_WRITES = 8
"""Write units of a file: its job is claimed and ended, its batch registered, with both indexes."""
_CHUNK_WRITES = 3
"""Write units of a chunk: the job's position, the batch's totals and its index."""


class IntakeWork(msgspec.Struct, frozen=True, kw_only=True):
    """The work of reading all files of a job."""

    at_once: int
    """Files that are read at once (``intakeMaxConcurrency``)."""
    rows_per_s: float
    """Rows per second of all of them together."""
    invocations: int
    gb_s: float
    puts: int
    gets: int
    messages: int
    writes: int


def intake_work(job: Job, figures: Figures) -> IntakeWork:
    """Return the work of reading a job's files."""
    each = figures.assumed.intake_rows_per_cpu_s
    wanted = math.ceil(figures.measured.push_rows_per_s / each)
    at_once = max(MIN_AT_ONCE, wanted)
    rows = job.images / job.files
    runs = math.ceil(rows / each / (TIMEOUT_S * READING_SHARE))
    chunks = math.ceil(rows / CHUNK_ROWS) + 1  # the last one has the end marks
    blocks = math.ceil(rows * figures.assumed.csv_row_bytes / BLOCK_BYTES)
    return IntakeWork(
        at_once=at_once,
        rows_per_s=min(job.files, at_once) * each,
        invocations=job.files * runs,
        gb_s=job.images / each * MEMORY_MB / 1_024,
        puts=job.files * (chunks + 1),
        gets=job.files * (blocks + runs + cost.FILE_GETS - 2),
        messages=job.files * runs * cost.MESSAGE_REQUESTS,
        writes=job.files * (_FILE_WRITES + chunks * _CHUNK_WRITES),
    )


def entrance_rows_per_s(job: Job, figures: Figures) -> float:
    """Return the rows per second that enter the stream: from a push, or from files."""
    if job.files:
        return intake_work(job, figures).rows_per_s
    return figures.measured.push_rows_per_s
