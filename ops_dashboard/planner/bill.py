"""The cost of a job, item by item: a count at a list price. Pure.

Left out: stored bytes (see `stored`), fixed costs (dashboard, alarms, metrics, a stream's other
hours), retries, replays and prefetched covers, reports, taxes,
free tiers, and data transfer: covers come in free of charge, but not through a NAT gateway.
"""

from __future__ import annotations

import math
from enum import StrEnum

import msgspec

from ops_dashboard.monitoring import cost
from ops_dashboard.monitoring.prices import Price, Prices
from ops_dashboard.planner.collage_work import CollageSize, originals_puts
from ops_dashboard.planner.intake_work import intake_work
from ops_dashboard.planner.measured import Figures
from ops_dashboard.planner.state_units import COLLAGE_WRITES, state_units
from ops_dashboard.planner.windowing_work import WindowingWork, records
from ops_dashboard.planner.workload import Job

_GB = 1e9
_COUNTS = 2
"""Number of times that a batch's rows are counted: after the last fold, and after its flush."""
_COUNT_READS_PER_CREATOR = 2
"""Read units of counting a creator: state and tally, read consistently."""
_READS_PER_ENTRY = 0.03
"""Read units of an index entry: half a unit for 4 KB, with entries of about 250 bytes."""
_LOOK_READS = 4
"""Read units to see that some of a batch's windows wait (`stream_ingest.batches.waiting_windows`);
the batch is counted once more when none is seen."""
SWEEP_S = 60
SWEEPER_MB = 512
_SWEEP_RUN_S = 0.5
_EVENT_GB = 13_000 / _GB
"""A WindowReady of 35 images with its envelope."""
_COLLAGE_LOG_BYTES = 2_300
"""Two lines, EMF and Lambda's own three, with 26 bytes each that CloudWatch adds."""
_WINDOW_LOG_BYTES = 600
_DELIVERY_LOG_BYTES = 2_500
_INTAKE_LOG_BYTES = 2_500
_SMALL_BYTES = 55_000
"""A thumbnail and metadata."""


class Stage(StrEnum):
    """Stages of the pipeline, in the order of the images."""

    PUSH = "push"
    INTAKE = "intake"
    """Instead of a push: the rows come in dropped files."""
    STREAM = "stream"
    WINDOWING = "windowing"
    BUS = "bus, queue"
    COLLAGE = "collage"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the bill."""

    stage: Stage
    what: str
    count: float
    price: Price

    @property
    def usd(self) -> float:
        """Cost of the item."""
        return self.count * self.price.one


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """Stored GB: collages with thumbnails and metadata, and originals until they expire."""

    collages_gb: float
    originals_gb: float


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A job and how it runs: `seconds` in all, `waiting_s` of them after its last row."""

    job: Job
    figures: Figures
    prices: Prices
    work: WindowingWork
    size: CollageSize
    seconds: float
    waiting_s: float


def bill(run: Run) -> list[Item]:
    """Return the bill of a run."""
    return [
        *(_intake(run) if run.job.files else ()),
        *_stream(run),
        *_windowing(run),
        *_sweeper(run),
        *_bus(run),
        *_collage(run),
    ]


def stored(job: Job, figures: Figures) -> Stored:
    """Return what a job stores in the buckets."""
    assumed = figures.assumed
    collage_bytes = (2 if job.copies else 1) * assumed.collage_bytes + _SMALL_BYTES
    originals = job.images * assumed.cover_bytes if job.originals else 0.0
    return Stored(collages_gb=job.windows * collage_bytes / _GB, originals_gb=originals / _GB)


def _intake(run: Run) -> list[Item]:
    stage, prices, work = Stage.INTAKE, run.prices, intake_work(run.job, run.figures)
    log_bytes = work.invocations * _INTAKE_LOG_BYTES
    return [
        _item(stage, "function", work.gb_s, prices.lambda_gb_s),
        _item(stage, "function", work.invocations, prices.lambda_request),
        _item(stage, "chunks and archive", work.puts, prices.s3_put),
        _item(stage, "files and chunks", work.gets, prices.s3_get),
        _item(stage, "queue", work.messages, prices.sqs_request),
        _item(stage, "jobs and batches", work.writes, prices.dynamodb_write),
        _item(stage, "log", log_bytes / _GB, prices.log_gb),
    ]


def _stream(run: Run) -> list[Item]:
    job, prices, shards = run.job, run.prices, run.work.stream.shards
    hours = math.ceil(run.seconds / 3_600)
    size = job.images * run.figures.bytes_per_row
    if shards:
        units = max(records(job, run.figures), size / cost.KINESIS_PUT_UNIT_BYTES)
        counted = [(hours * shards, prices.kinesis_shard_hour), (units, prices.kinesis_put_unit)]
    else:
        counted = [
            (hours, prices.kinesis_on_demand_hour),
            (size / _GB, prices.kinesis_on_demand_gb_in),
            (size / _GB, prices.kinesis_on_demand_gb_out),
        ]
    return [_item(Stage.STREAM, "stream", count, price) for count, price in counted]


def _windowing(run: Run) -> list[Item]:
    stage, prices, work, windows = Stage.WINDOWING, run.prices, run.work, run.job.windows
    units = state_units(run.figures)
    states = (work.creator_deliveries + run.job.partial_windows) * units.per_write
    log_bytes = work.deliveries * _DELIVERY_LOG_BYTES + windows * _WINDOW_LOG_BYTES
    return [
        _item(stage, "function", work.gb_s, prices.lambda_gb_s),
        _item(stage, "function", work.deliveries, prices.lambda_request),
        _item(stage, "creators' states", states, prices.dynamodb_write),
        _item(stage, "windows", windows * units.per_window, prices.dynamodb_write),
        _item(stage, "creators' states", work.creator_deliveries, prices.dynamodb_read),
        _item(stage, "log", log_bytes / _GB, prices.log_gb),
    ]


def _sweeper(run: Run) -> list[Item]:
    """Return the sweeper's items.

    It reads each creator's tally when all rows are folded, the batch's index entries then and at
    its end, and in each minute between the windows that wait, on average half of them.
    """
    stage, prices, job = Stage.WINDOWING, run.prices, run.job
    sweeps = math.ceil(run.seconds / SWEEP_S)
    waiting = math.ceil(run.waiting_s / SWEEP_S)
    counted = job.batches * job.batch_creators
    tallies = _COUNTS * counted * _COUNT_READS_PER_CREATOR
    entries = (_COUNTS + 1) * (counted + job.windows) * _READS_PER_ENTRY
    looks = waiting * (job.windows / 2 * _READS_PER_ENTRY + job.batches * _LOOK_READS)
    reads = tallies + entries + looks + job.partial_windows
    gb_s = sweeps * _SWEEP_RUN_S * SWEEPER_MB / 1_024
    return [
        _item(stage, "sweeper", gb_s, prices.lambda_gb_s),
        _item(stage, "sweeper", sweeps, prices.lambda_request),
        _item(stage, "sweeper's counts", reads, prices.dynamodb_read),
    ]


def _bus(run: Run) -> list[Item]:
    stage, prices, windows = Stage.BUS, run.prices, run.job.windows
    return [
        _item(stage, "events", windows * cost.COLLAGE_EVENTS, prices.event),
        _item(stage, "archive", windows * _EVENT_GB, prices.archive_gb),
        _item(stage, "queue", windows * cost.COLLAGE_QUEUE_REQUESTS, prices.sqs_request),
    ]


def _collage(run: Run) -> list[Item]:
    stage, prices, windows = Stage.COLLAGE, run.prices, run.job.windows
    always = windows * (cost.COLLAGE_PUTS - 1)
    copies = windows if run.job.copies else 0
    originals = windows * originals_puts(run.job, run.figures) if run.job.originals else 0
    return [
        _item(stage, "function", windows * run.size.gb_s, prices.lambda_gb_s),
        _item(stage, "temporary storage", windows * run.size.tmp_gb_s, prices.lambda_tmp_gb_s),
        _item(stage, "function", windows * cost.COLLAGE_INVOCATIONS, prices.lambda_request),
        _item(stage, "objects", always, prices.s3_put),
        _item(stage, "copy by creator", copies, prices.s3_put),
        _item(stage, "originals", originals, prices.s3_put),
        _item(stage, "claim and end", windows * COLLAGE_WRITES, prices.dynamodb_write),
        _item(stage, "log", windows * _COLLAGE_LOG_BYTES / _GB, prices.log_gb),
    ]


def _item(stage: Stage, what: str, count: float, price: Price) -> Item:
    return Item(stage=stage, what=what, count=count, price=price)
