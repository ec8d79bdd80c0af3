"""Settings of a stack's functions: memory, time, concurrency and retries. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from setting_groups.resources import ResourceSettings
from setting_types import (
    MaxConcurrency,
    MaxReceives,
    MemoryMb,
    ReservedConcurrency,
    TimeoutS,
    WorkerTimeoutS,
)


class ComputeSettings(ResourceSettings, frozen=True, kw_only=True, rename="camel"):
    """Functions."""

    windowing_memory_mb: MemoryMb = 1_024
    """Memory of the windowing function."""
    windowing_timeout_s: TimeoutS = 240
    """Timeout of the windowing function."""
    windowing_reserved_concurrency: ReservedConcurrency = 0
    """Reserved concurrency of the windowing function; 0 reserves nothing: the shards limit it."""
    windowing_batch_size: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 400
    """Maximum number of packed records in a delivery. Lambda ends a delivery at a payload of 6 MB
    anyway, which is 184 full records of 25 KB."""
    windowing_batching_window_s: Annotated[int, msgspec.Meta(ge=0, le=300)] = 1
    """How long a delivery waits for more records."""
    windowing_parallelization: Annotated[int, msgspec.Meta(ge=1, le=10)] = 1
    """Deliveries of one shard that are processed at once; each creator stays in order."""
    windowing_max_retries: Annotated[int, msgspec.Meta(ge=-1, le=10_000)] = -1
    """Retries of a delivery that fails, before it goes to the failure bucket; -1 retries it until
    it is too old."""
    windowing_max_record_age_s: Annotated[int, msgspec.Meta(ge=60, le=604_800)] | None = None
    """Age after which a delivery that still fails goes to the failure bucket: at most, and by
    default, an hour less than the stream's retention."""
    partial_responses: Literal["trusted", "raise"] = "trusted"
    """``raise`` if the event source mapping ignores batchItemFailures (the embedded AWS)."""
    sweeper_memory_mb: MemoryMb = 512
    """Memory of the sweeper."""
    sweeper_timeout_s: TimeoutS = 55
    """Timeout of the sweeper, which starts each minute; two sweeps at once do no harm."""
    collage_memory_mb: MemoryMb = 1_769
    """Memory of the collage function; 1,769 MB is one whole vCPU."""
    collage_timeout_s: TimeoutS = 120
    """Timeout of the collage function; its queue's visibility timeout is six times as long."""
    collage_reserved_concurrency: ReservedConcurrency = 0
    """Reserved concurrency of the collage function; 0 reserves nothing, otherwise at least
    ``collageMaxConcurrency``."""
    collage_max_concurrency: MaxConcurrency = 10
    """Maximum concurrent invocations of the collage function; each builds up to five windows."""
    collage_max_receives: MaxReceives = 3
    """Receipts after which a window's message becomes a dead letter; below 3, each window has an
    invocation of its own."""
    prefetch_memory_mb: MemoryMb = 1_024
    """Memory of the prefetch function."""
    prefetch_timeout_s: WorkerTimeoutS = 120
    """Timeout of the prefetch function."""
    intake_memory_mb: MemoryMb = 1_769
    """Memory of the intake function."""
    intake_timeout_s: WorkerTimeoutS = 300
    """Timeout of the intake function; a file that takes longer is continued by the next
    invocation."""
    intake_max_concurrency: MaxConcurrency = 5
    """Maximum number of files that are read at once."""
    intake_max_receives: MaxReceives = 3
    """Receipts after which the message of a file or a request becomes a dead letter."""
