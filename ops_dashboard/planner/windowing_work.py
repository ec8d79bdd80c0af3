"""How fast rows become windows, and how often a creator's state is written for it. Pure.

Records of a shard go to the windowing function in deliveries, one after the other for each part of
the shard (``windowingParallelization``). A delivery writes the state of every creator that is in
it, so it is cheap where many rows of a creator are in it together: where rows come mixed, by fewer
creators a part and by waiting longer (``windowingBatchingWindowS``).
"""

from __future__ import annotations

import math

import msgspec

from ops_dashboard.planner.measured import Figures
from ops_dashboard.planner.state_units import state_units
from ops_dashboard.planner.workload import Job, Order
from stream_ingest.records.codec import BUCKETS
from stream_ingest.records.packer import RECORD_BYTES

MEMORY_MB = 1_024
"""``windowingMemoryMb``."""
VCPU_MB = 1_769
"""Memory with which Lambda gives a whole vCPU (docs/facts.md#lambda)."""
RECORDS_A_DELIVERY = 100
"""``windowingBatchSize``."""
CHUNK_ROWS = 50_000
"""Rows after which a push seals the records of all buckets (`stream_ingest.push.push`)."""
THREADS = 16
"""Creators that one invocation writes at once (`stream_ingest.windowing.wiring`)."""
EVENTS_A_REQUEST = 10
KEYS_A_REQUEST = 100
ON_DEMAND_SHARDS = 4
"""What a new stream on demand takes: 4 MB/s."""
WINDOWS_PER_S = 500
"""A status of `status-date-index` is one key, which takes 1,000 write units a second, and each
window comes to it and leaves it."""
_ROUNDS = 40


class Stream(msgspec.Struct, frozen=True, kw_only=True):
    """The stream and how it is read: the stack's settings of these names."""

    shards: int
    """0 is on demand."""
    parallelization: int
    batching_window_s: int

    @property
    def width(self) -> int:
        """How many shards take rows."""
        return self.shards or ON_DEMAND_SHARDS

    @property
    def readers(self) -> int:
        """Deliveries that are under way at once."""
        return self.width * self.parallelization


class Windowing(msgspec.Struct, frozen=True, kw_only=True):
    """What folding a job through a stream comes to."""

    stream: Stream
    rows_a_delivery: float
    deliveries: float
    delivery_s: float
    creator_deliveries: float
    """How often any creator's state is written because of its rows."""
    limits: dict[str, float]
    """What may hold it up, and for how many seconds each would."""

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return max(self.limits.values())

    @property
    def limit(self) -> str:
        """What holds it up most."""
        return max(self.limits, key=lambda limit: self.limits[limit])

    @property
    def gb_s(self) -> float:
        """Billed GB-seconds."""
        return self.deliveries * self.delivery_s * MEMORY_MB / 1_024


def windowing(job: Job, figures: Figures, stream: Stream) -> Windowing:
    """Return the work of windowing a job."""
    arriving = arrival_rows_per_s(figures, stream) / stream.readers
    rows = _rows_a_delivery(job, figures, stream, arriving)
    spent_s = _delivery_s(job, figures, stream, rows)
    deliveries = job.images / rows
    written = max(job.creators, deliveries * creators_in(job, stream, rows))
    units = state_units(figures)
    units_full = written * units.a_write + job.full_windows * units.a_window
    return Windowing(
        stream=stream,
        rows_a_delivery=rows,
        deliveries=deliveries,
        delivery_s=spent_s,
        creator_deliveries=written,
        limits={
            "the rows' arrival": job.images / arrival_rows_per_s(figures, stream),
            "its invocations": deliveries * spent_s / stream.readers,
            "the table's writes": units_full / figures.assumed.table_writes_per_s,
            "status-date-index": job.full_windows / WINDOWS_PER_S,
        },
    )


def arrival_rows_per_s(figures: Figures, stream: Stream) -> float:
    """Return the rows a second that a push brings through a stream."""
    measured = figures.measured
    return min(measured.push_rows_per_s, stream.width * measured.rows_per_shard_s)


def records(job: Job, figures: Figures) -> float:
    """Return the records that carry a job: each bucket has full ones and a rest in each chunk."""
    chunks = job.images / CHUNK_ROWS
    whole = math.ceil(CHUNK_ROWS / BUCKETS * figures.bytes_per_row / RECORD_BYTES)
    return max(chunks * BUCKETS * whole, min(BUCKETS, job.creators))


def creators_in(job: Job, stream: Stream, rows: float) -> float:
    """Return how many creators a delivery of so many rows is of."""
    if job.order is Order.DRIP:
        return rows
    if job.order is Order.SORTED:
        return max(1.0, rows / job.images_a_creator)
    pool = max(1.0, job.creators / stream.readers)
    return max(1.0, -pool * math.expm1(-rows / pool))  # each row is of any of them


def _rows_a_delivery(job: Job, figures: Figures, stream: Stream, arriving: float) -> float:
    """Return what comes in while the delivery before is folded, at least the batching window.

    Longer deliveries take longer, so the answer is sought from below; they never exceed a batch.
    """
    most = min(RECORDS_A_DELIVERY * job.images / records(job, figures), job.images / stream.readers)
    rows = max(1.0, min(most, arriving * max(1, stream.batching_window_s)))
    for _ in range(_ROUNDS):
        longer = arriving * _delivery_s(job, figures, stream, rows)
        if longer <= rows or rows >= most:
            break
        rows = min(most, longer)
    return rows


def _delivery_s(job: Job, figures: Figures, stream: Stream, rows: float) -> float:
    """Return how long an invocation takes: load, fold, write, emit, mark."""
    call_s = figures.assumed.aws_call_ms / 1_000
    creators = creators_in(job, stream, rows)
    windows = rows * job.full_windows / job.images
    cpu_s = rows / figures.measured.fold_rows_per_cpu_s
    return (
        cpu_s / (MEMORY_MB / VCPU_MB)
        + math.ceil(creators / KEYS_A_REQUEST) * call_s
        + (creators + windows) / THREADS * call_s
        + windows / EVENTS_A_REQUEST * call_s
    )
