"""Time and writes of windowing a job. Pure.

The windowing function gets a shard's records in deliveries, one after the other for each concurrent
batch of the shard (``windowingParallelization``). A delivery writes the state of each of its
creators, so it is cheap if it has many rows of each. With mixed rows, more parallelization (fewer
creators per batch) and a longer batching window (``windowingBatchingWindowS``) help.
"""

from __future__ import annotations

import math

import msgspec

from ops_dashboard.planner.intake_work import CHUNK_ROWS, entrance_rows_per_s
from ops_dashboard.planner.measured import Figures
from ops_dashboard.planner.state_units import state_units
from ops_dashboard.planner.workload import Job, Order
from stream_ingest.records.codec import BUCKETS
from stream_ingest.records.packer import RECORD_BYTES

MEMORY_MB = 1_024
"""``windowingMemoryMb``."""
VCPU_MB = 1_769
"""Memory for which Lambda allots a whole vCPU (docs/facts.md#lambda)."""
RECORDS_PER_DELIVERY = 400
"""``windowingBatchSize``."""
PAYLOAD_BYTES = 6 << 20
"""Lambda ends a delivery at this size (docs/facts.md#kinesis-mapping)."""
RECORD_ENVELOPE_BYTES = 650
"""What Lambda adds to a record in the payload: ARNs, sequence numbers, names."""
_BASE64 = 4 / 3
THREADS = 24
"""Creators that an invocation writes concurrently (`stream_ingest.windowing.wiring`)."""
EVENTS_PER_REQUEST = 10
KEYS_PER_REQUEST = 100
ON_DEMAND_SHARDS = 4
"""Capacity of a new on-demand stream: 4 MB/s."""
WINDOWS_PER_S = 500
"""A status is one key of `status-date-index`, which takes 1,000 write units a second; each window
is written to it and deleted from it."""
_ROUNDS = 40


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """The stream and how it is read, as in the stack's settings."""

    shards: int
    """0 is on demand."""
    parallelization: int
    batching_window_s: int

    @property
    def width(self) -> int:
        """Number of shards that take rows."""
        return self.shards or ON_DEMAND_SHARDS

    @property
    def readers(self) -> int:
        """Number of concurrent deliveries."""
        return self.width * self.parallelization


class WindowingWork(msgspec.Struct, frozen=True, kw_only=True):
    """The work of folding a job's rows from a stream."""

    stream: Stream
    rows_per_delivery: float
    deliveries: float
    delivery_s: float
    creator_deliveries: float
    """Number of writes of creators' states because of rows."""
    limits: dict[str, float]
    """Possible bottlenecks, with the seconds that each would take."""

    @property
    def seconds(self) -> float:
        """Duration of windowing."""
        return max(self.limits.values())

    @property
    def limit(self) -> str:
        """Name of the bottleneck."""
        return max(self.limits, key=lambda limit: self.limits[limit])

    @property
    def gb_s(self) -> float:
        """Billed GB-seconds."""
        return self.deliveries * self.delivery_s * MEMORY_MB / 1_024


def windowing_work(job: Job, figures: Figures, stream: Stream) -> WindowingWork:
    """Return the work of windowing a job."""
    arriving = arrival_rows_per_s(job, figures, stream) / stream.readers
    rows = _rows_per_delivery(job, figures, stream, arriving)
    spent_s = _delivery_s(job, figures, stream, rows)
    deliveries = job.images / rows
    written = max(job.batches * job.batch_creators, deliveries * creators_in(job, stream, rows))
    units = state_units(figures)
    units_full = written * units.per_write + job.full_windows * units.per_window
    return WindowingWork(
        stream=stream,
        rows_per_delivery=rows,
        deliveries=deliveries,
        delivery_s=spent_s,
        creator_deliveries=written,
        limits={
            "the rows' arrival": job.images / arrival_rows_per_s(job, figures, stream),
            "its invocations": deliveries * spent_s / stream.readers,
            "the table's writes": units_full / figures.assumed.table_writes_per_s,
            "status-date-index": job.full_windows / WINDOWS_PER_S,
        },
    )


def arrival_rows_per_s(job: Job, figures: Figures, stream: Stream) -> float:
    """Return the rows per second that a push, or files, send through a stream."""
    width = stream.width * figures.measured.rows_per_shard_s
    return min(entrance_rows_per_s(job, figures), width)


def records(job: Job, figures: Figures) -> float:
    """Return the number of records of a job; a bucket's last record of a chunk is not full.

    Each file has records of its own, and an end mark in every bucket.
    """
    rows = job.images / job.batches
    chunks = rows / CHUNK_ROWS
    whole = math.ceil(CHUNK_ROWS / BUCKETS * figures.bytes_per_row / RECORD_BYTES)
    each = max(chunks * BUCKETS * whole, min(BUCKETS, job.batch_creators))
    return job.batches * each + job.files * BUCKETS


def creators_in(job: Job, stream: Stream, rows: float) -> float:
    """Return the number of creators in a delivery of `rows` rows."""
    if job.order is Order.DRIP:
        return rows
    if job.order is Order.SORTED:
        return max(1.0, rows / job.images_per_creator)
    pool = max(1.0, job.creators / stream.readers)
    return max(1.0, -pool * math.expm1(-rows / pool))  # each row is of a random creator


def _rows_per_delivery(job: Job, figures: Figures, stream: Stream, arriving: float) -> float:
    """Return the rows that arrive while the previous delivery is folded.

    At least those of the batching window, at most a batch or a payload. Larger deliveries take
    longer, so the number is found by iteration from below.
    """
    rows_per_record = job.images / records(job, figures)
    row_bytes = _BASE64 * figures.bytes_per_row + RECORD_ENVELOPE_BYTES / rows_per_record
    maximum = min(
        RECORDS_PER_DELIVERY * rows_per_record,
        PAYLOAD_BYTES / row_bytes,
        job.images / stream.readers,
    )
    rows = max(1.0, min(maximum, arriving * max(1, stream.batching_window_s)))
    for _ in range(_ROUNDS):
        longer = arriving * _delivery_s(job, figures, stream, rows)
        if longer <= rows or rows >= maximum:
            break
        rows = min(maximum, longer)
    return rows


def _delivery_s(job: Job, figures: Figures, stream: Stream, rows: float) -> float:
    """Return the duration of an invocation: load, fold, write, emit, record.

    A window has two writes besides its creator's: its image list, and that it was emitted.
    """
    call_s = figures.assumed.aws_call_ms / 1_000
    creators = creators_in(job, stream, rows)
    windows = rows * job.full_windows / job.images
    cpu_s = rows / figures.measured.fold_rows_per_cpu_s
    return (
        cpu_s / (MEMORY_MB / VCPU_MB)
        + math.ceil(creators / KEYS_PER_REQUEST) * call_s
        + (creators + 2 * windows) / THREADS * call_s
        + windows / EVENTS_PER_REQUEST * call_s
    )
