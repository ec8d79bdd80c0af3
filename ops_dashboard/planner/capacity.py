"""The cheapest way to run a job within a deadline. Pure.

All streams that a push can fill, all ways to read them and all sizes of the collage function are
compared, each with the lowest concurrency that meets the deadline: a higher one costs no less and
loads the image servers more. The cost includes the stream's hours of a month, as it is always on.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import msgspec

from ops_dashboard.monitoring.prices import Prices
from ops_dashboard.planner.bill import Item, Run, Stage, Stored, bill, stored
from ops_dashboard.planner.collage_work import CollageSize, sizes
from ops_dashboard.planner.intake_work import entrance_rows_per_s
from ops_dashboard.planner.measured import Figures
from ops_dashboard.planner.timing import (
    MIN_CONCURRENCY,
    Timing,
    duration,
    fastest_concurrency,
    timing,
)
from ops_dashboard.planner.windowing_work import Stream, WindowingWork, windowing_work
from ops_dashboard.planner.workload import Job
from stream_ingest.contracts.errors import UserError

MONTH_H = 730
_BATCHING_WINDOWS_S = (1, 5, 15, 60)
_MAX_PARALLELIZATION = 10


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A size of the collage function, and the concurrency it needs; None if none is enough."""

    size: CollageSize
    concurrency: int | None


class StreamMonth(msgspec.Struct, frozen=True, kw_only=True):
    """Monthly cost of the hours of a stream that takes what the push sends."""

    shards: int
    provisioned_usd: float
    on_demand_usd: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How to run a job, how long it takes, and what it costs."""

    job: Job
    figures: Figures
    deadline_s: int
    work: WindowingWork
    size: CollageSize
    concurrency: int
    timing: Timing
    items: list[Item]
    stream_month: StreamMonth
    stored: Stored
    candidates: list[Candidate] = []

    @property
    def usd(self) -> float:
        """Cost of the job."""
        return sum(item.usd for item in self.items)

    @property
    def stream_month_usd(self) -> float:
        """Monthly cost of its stream."""
        month = self.stream_month
        return month.provisioned_usd if self.work.stream.shards else month.on_demand_usd

    def usd_of(self, stage: Stage) -> float:
        """Return the cost of a stage."""
        return sum(item.usd for item in self.items if item.stage is stage)

    def per_million(self, usd: float) -> float:
        """Return a cost for a million images."""
        return usd / self.job.images * 1_000_000


class Planner(msgspec.Struct, frozen=True, kw_only=True):
    """Plans one job, with at most `max_concurrency` concurrent collages."""

    job: Job
    deadline_s: int
    max_concurrency: int
    figures: Figures
    prices: Prices

    def plan(self) -> Plan:
        """Return the cheapest plan; raises `UserError` if none meets the deadline."""
        plans = (
            self._plan(work, size, concurrency)
            for work, size in self._choices()
            if (concurrency := self._min_concurrency(work, size)) is not None
        )
        found = min(plans, key=_rank, default=None)
        if found is None:
            raise UserError(self._why_not())
        candidates = [
            Candidate(size=size, concurrency=self._min_concurrency(found.work, size))
            for size in sizes(self.job, self.figures, self.prices)
        ]
        return msgspec.structs.replace(found, candidates=candidates)

    def _choices(self) -> Iterator[tuple[WindowingWork, CollageSize]]:
        wide = sizes(self.job, self.figures, self.prices)
        works = (
            windowing_work(self.job, self.figures, stream)
            for stream in streams(self.job, self.figures)
        )
        return itertools.product(works, wide)

    def _timing(self, work: WindowingWork, size: CollageSize, concurrency: int) -> Timing:
        return timing(self.job, self.figures, work, size, concurrency)

    def _min_concurrency(self, work: WindowingWork, size: CollageSize) -> int | None:
        """Return the lowest concurrency that meets the deadline; None if none does."""
        low = MIN_CONCURRENCY
        high = fastest_concurrency(self.job, size, self.max_concurrency)
        if self._timing(work, size, high).seconds > self.deadline_s:
            return None
        while low < high:
            middle = (low + high) // 2
            meets = self._timing(work, size, middle).seconds <= self.deadline_s
            low, high = (low, middle) if meets else (middle + 1, high)
        return high

    def _plan(self, work: WindowingWork, size: CollageSize, concurrency: int) -> Plan:
        timed = self._timing(work, size, concurrency)
        run = Run(
            job=self.job,
            figures=self.figures,
            prices=self.prices,
            work=work,
            size=size,
            seconds=timed.seconds,
            waiting_s=timed.seconds - timed.rows_in_s,
        )
        return Plan(
            job=self.job,
            figures=self.figures,
            deadline_s=self.deadline_s,
            work=work,
            size=size,
            concurrency=concurrency,
            timing=timed,
            items=bill(run),
            stream_month=self._stream_month(work.stream.shards),
            stored=stored(self.job, self.figures),
        )

    def _stream_month(self, shards: int) -> StreamMonth:
        shards = shards or enough_shards(self.job, self.figures)
        return StreamMonth(
            shards=shards,
            provisioned_usd=MONTH_H * shards * self.prices.kinesis_shard_hour.one,
            on_demand_usd=MONTH_H * self.prices.kinesis_on_demand_hour.one,
        )

    def _why_not(self) -> str:
        """Return the shortest possible time and its bottleneck, as an error message."""
        tried = (
            (self._timing(work, size, each), work, size, each)
            for work, size in self._choices()
            for each in [fastest_concurrency(self.job, size, self.max_concurrency)]
        )
        shortest, work, size, concurrency = min(tried, key=lambda each: each[0].seconds)
        bottleneck = shortest.bottleneck
        why = f", by {work.limit}" if bottleneck is Stage.WINDOWING else ""
        return (
            f"--deadline {duration(self.deadline_s)}: {self.job.images:,} images take at least"
            f" {duration(shortest.seconds)} ({concurrency} concurrent collages,"
            f" {size.memory_mb:,} MB each); the bottleneck is {bottleneck} with"
            f" {duration(shortest.stages[bottleneck])}{why}"
        )


def streams(job: Job, figures: Figures) -> Iterator[Stream]:
    """Yield the streams to compare: up to as many shards as can be filled, or on demand."""
    enough = enough_shards(job, figures)
    shards = sorted({1, min(2, enough), enough, 0})
    for each, parallel, wait_s in itertools.product(
        shards, range(1, _MAX_PARALLELIZATION + 1), _BATCHING_WINDOWS_S
    ):
        yield Stream(shards=each, parallelization=parallel, batching_window_s=wait_s)


def enough_shards(job: Job, figures: Figures) -> int:
    """Return the number of shards that take all that a push, or files, send."""
    return math.ceil(entrance_rows_per_s(job, figures) / figures.measured.rows_per_shard_s)


def _rank(each: Plan) -> tuple[float, int, int]:
    """Return the sort key of plans: cost to the cent, then batching window, then readers."""
    stream = each.work.stream
    return round(each.usd + each.stream_month_usd, 2), stream.batching_window_s, stream.readers
