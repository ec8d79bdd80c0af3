"""Time and cost of a collage, by memory of the collage function. Pure.

Lambda allots a vCPU for each 1,769 MB, and below that a share of one; it bills memory x time. CPU
time shrinks with memory, at the same cost; network time does not, and costs more. So the smallest
memory that fits the process and meets the deadline is the cheapest.
"""

from __future__ import annotations

import msgspec

from collage_lambda.messages import MESSAGES_PER_DELIVERY
from collage_lambda.shares import MAX_SHARED_BYTES
from collage_lambda.temporary_storage import FREE_TMP_MB, TMP_MB
from ops_dashboard.monitoring.prices import Prices
from ops_dashboard.planner.measured import Assumed, Figures
from ops_dashboard.planner.windowing_work import VCPU_MB
from ops_dashboard.planner.workload import Job
from stream_ingest.contracts.errors import UserError

SIZES_MB = (512, 640, 768, 1_024, 1_280, 1_536, 1_769, 2_048, 2_560, 3_008, 3_538)
"""Sizes to compare: with less than 512 MB the function downloads fewer than a window's 35
covers at once (`collage_lambda.concurrency`), and with more than two vCPUs nothing gets faster."""
MEMORY_HEADROOM = 1.25
"""Memory divided by the process's peak; the alarm `collage-memory` is raised at 80 %."""


class CollageSize(msgspec.Struct, frozen=True, kw_only=True):
    """The collage function with some memory; seconds and cost of an average window of the job."""

    memory_mb: int
    cpu_s: float
    network_s: float
    """In which no other window of the same invocation is worked on."""
    usd_per_million_images: float

    @property
    def seconds(self) -> float:
        """Time of a window, as if network and CPU time of one window did not overlap."""
        return self.cpu_s + self.network_s

    @property
    def gb_s(self) -> float:
        """Billed GB-seconds of a window."""
        return self.seconds * self.memory_mb / 1_024

    @property
    def tmp_gb_s(self) -> float:
        """Billed GB-seconds of temporary storage of a window."""
        return self.seconds * (TMP_MB - FREE_TMP_MB) / 1_024


def sizes(job: Job, figures: Figures, prices: Prices) -> list[CollageSize]:
    """Return all sizes that fit the process; raises `UserError` if none does."""
    min_mb = MEMORY_HEADROOM * figures.measured.collage_peak_mb
    fitting = [size for size in SIZES_MB if size >= min_mb]
    if not fitting:
        msg = f"collage_peak_mb: a collage would need {min_mb:,.0f} MB, more than {SIZES_MB[-1]:,}"
        raise UserError(msg)
    return [_size(job, figures, prices, memory_mb) for memory_mb in fitting]


def originals_puts(job: Job, figures: Figures) -> float:
    """Return how many objects a window's originals take: a part of one that five windows share.

    Windows that do not fit into it have one each.
    """
    window_bytes = job.window_images * figures.assumed.cover_bytes
    fitting = max(1, min(MESSAGES_PER_DELIVERY, int(MAX_SHARED_BYTES / window_bytes)))
    return (MESSAGES_PER_DELIVERY - fitting + 1) / MESSAGES_PER_DELIVERY


def _network_s(job: Job, assumed: Assumed) -> float:
    """Return the seconds of a window in which no other one is worked on, with five at a time."""
    beside_nothing = 1 - min(1.0, assumed.collage_overlap)
    originals_s = min(assumed.collage_originals_s, assumed.collage_network_s)
    rest_s = assumed.collage_network_s - originals_s
    if not job.originals:
        return rest_s * beside_nothing
    publishing_s = min(assumed.collage_publishing_s, rest_s)
    together_s = originals_s + publishing_s / MESSAGES_PER_DELIVERY
    return (rest_s - publishing_s) * beside_nothing + together_s


def _size(job: Job, figures: Figures, prices: Prices, memory_mb: int) -> CollageSize:
    assumed = figures.assumed
    share = min(1.0, assumed.collage_parallel_share)
    vcpus = memory_mb / VCPU_MB
    faster = vcpus if vcpus <= 1 else 1 / (1 - share + share / vcpus)
    cpu_s = job.window_images / figures.measured.collage_images_per_cpu_s / faster
    network_s = _network_s(job, assumed)
    gb_s = (cpu_s + network_s) * memory_mb / 1_024
    return CollageSize(
        memory_mb=memory_mb,
        cpu_s=cpu_s,
        network_s=network_s,
        usd_per_million_images=gb_s / job.window_images * 1_000_000 * prices.lambda_gb_s.one,
    )
