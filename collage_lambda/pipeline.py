"""What downloads and decodes images in one process. Edge: chooses the real things.

The collage and the prefetch Lambda share it, so a prefetched cover meets the collage's own limits
and defences.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

from collage_lambda.concurrency import MB, Concurrency, fit_to_memory
from collage_lambda.download.downloader import DownloadSettings
from collage_lambda.download.fetch import Timing
from collage_lambda.download.limits import FetchLimits, fetch_limits
from collage_lambda.download.process_downloads import ProcessDownloads
from collage_lambda.download.resolver import system_lookup
from collage_lambda.image.decode import MIN_SIDE_PX
from collage_lambda.image.decoder import Decoder
from collage_lambda.image.heif_process import HeifProcess
from collage_lambda.log_lines import make_logger
from collage_lambda.settings import CollageSettings

_MAX_DECODERS = 4
_LOOKUPS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePipeline:
    """Downloads, and decodes by `decoder` in `threads`."""

    downloads: ProcessDownloads
    decoder: Decoder
    threads: Executor
    min_side_px: int = MIN_SIDE_PX
    """Smallest width and height that an image may have."""
    simd: bool = True
    """Whether images may be scaled by pic-scale."""


def open_pipeline(settings: CollageSettings, clock: Callable[[], float]) -> ImagePipeline:
    """Return the pipeline that the settings and the function's memory allow."""
    limits = fetch_limits(settings.download_timeout_s, settings.download_tries)
    concurrency = _concurrency(settings, limits)
    downloads = DownloadSettings(
        allowed=settings.allowed_sources,
        ports=settings.allowed_ports,
        at_once=concurrency.downloads,
        at_once_per_host=settings.downloads_per_host,
        limits=limits,
        user_agent=settings.user_agent,
    )
    lookup = system_lookup(ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="lookup"))
    return ImagePipeline(
        downloads=ProcessDownloads(downloads, lookup, Timing(now_s=clock)),
        decoder=Decoder(threading.Lock(), HeifProcess()),
        threads=ThreadPoolExecutor(concurrency.decoders, thread_name_prefix="decode"),
        min_side_px=settings.min_side_px,
        simd=settings.simd_scaling,
    )


def _concurrency(settings: CollageSettings, limits: FetchLimits) -> Concurrency:
    """Return what may run at once; log a warning if memory allows less than is wanted."""
    wanted = Concurrency(
        downloads=settings.downloads_at_once, decoders=min(os.cpu_count() or 1, _MAX_DECODERS)
    )
    allowed = fit_to_memory(wanted, settings.memory_mb * MB, limits.max_bytes)
    if allowed != wanted:
        make_logger().warning(
            "concurrency reduced: memory is too small for the settings",
            memory_mb=settings.memory_mb,
            downloads=allowed.downloads,
            downloads_wanted=wanted.downloads,
            decoders=allowed.decoders,
            decoders_wanted=wanted.decoders,
        )
    return allowed
