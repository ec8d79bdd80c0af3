"""Composition root of the collage Lambda. Edge: chooses the real things, lazily.

Clients and threads outlive an invocation; event loops and HTTP sessions do not.
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import boto3
from botocore.config import Config

from collage_lambda.builder import Builder, BuildSettings
from collage_lambda.concurrency import MB, Concurrency, fitting
from collage_lambda.download.fallbacks import DownloadSettings
from collage_lambda.download.fetch import FetchLimits, Surroundings
from collage_lambda.download.resolver import system_lookup
from collage_lambda.image.decoder import Decoder
from collage_lambda.image.heif_process import HeifProcess
from collage_lambda.image.interpreter import return_memory, watch_pillow
from collage_lambda.lease import WindowLeases
from collage_lambda.log_lines import make_logger
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.output.announcer import Announcer
from collage_lambda.output.links import Links
from collage_lambda.output.publisher import Publisher
from collage_lambda.output.store import Outputs
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.settings import CollageSettings
from collage_lambda.worker import CollageWorker

_MOST_DECODERS = 4
_LIMITS = FetchLimits()
LOOKUPS = 4
_UPLOADS = 4
CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 5},
    max_pool_connections=_UPLOADS + 1,
    connect_timeout=5,
    read_timeout=20,
)
S3_CONFIG = CONFIG.merge(Config(signature_version="s3v4"))
"""For links: us-east-1 would still sign them by version 2, which KMS and most regions refuse."""


@cache
def worker() -> CollageWorker:
    """Return the worker of this process."""
    return_memory()
    watch_pillow()
    settings = CollageSettings.from_env(os.environ)
    s3 = boto3.client("s3", config=S3_CONFIG)
    uploads = ThreadPoolExecutor(_UPLOADS, thread_name_prefix="upload")
    temp = TempStore(s3, settings.temp_bucket)
    outputs = Outputs(
        s3, settings.output_bucket, copies_by_creator=settings.copies_by_creator, threads=uploads
    )
    links = Links(s3, settings.output_bucket, settings.url_life_s, time.time)
    dynamodb = boto3.client("dynamodb", config=CONFIG)
    announcer = Announcer(boto3.client("events", config=CONFIG), settings.bus)
    return CollageWorker(
        windows=WindowLeases(dynamodb, settings.table, time.time),
        outputs=outputs,
        temp=temp,
        shelf=PackStore(s3, settings.temp_bucket, dynamodb, settings.table),
        builder=_builder(settings, temp, uploads),
        publisher=Publisher(outputs, links, announcer, time.time),
        clock=time.time,
    )


def _builder(settings: CollageSettings, temp: TempStore, uploads: ThreadPoolExecutor) -> Builder:
    runs = concurrency_of(settings)
    return Builder(
        BuildSettings(
            downloads=downloads_of(settings, runs),
            keep_originals=settings.keep_originals,
            refused_images=settings.refused_images,
        ),
        temp=temp,
        lookup=system_lookup(ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup")),
        threads=ThreadPoolExecutor(runs.decoders, thread_name_prefix="decode"),
        uploads=uploads,
        decoder=Decoder(threading.Lock(), HeifProcess()),
        surroundings=Surroundings(now_s=time.time),
    )


def downloads_of(settings: CollageSettings, runs: Concurrency) -> DownloadSettings:
    """Return from where to download, and how much of it at once."""
    return DownloadSettings(
        allowed=settings.allowed_sources,
        ports=settings.allowed_ports,
        at_once=runs.downloads,
        at_once_per_host=settings.downloads_per_host,
        limits=_LIMITS,
    )


def concurrency_of(settings: CollageSettings) -> Concurrency:
    """Return what may run at once; the log tells where memory allows less than is wanted."""
    wanted = Concurrency(
        downloads=settings.downloads, decoders=min(os.cpu_count() or 1, _MOST_DECODERS)
    )
    runs = fitting(wanted, settings.memory_mb * MB, _LIMITS.max_bytes)
    if runs != wanted:
        make_logger().warning(
            "memory allows less at once",
            memory_mb=settings.memory_mb,
            downloads=runs.downloads,
            downloads_wanted=wanted.downloads,
            decoders=runs.decoders,
            decoders_wanted=wanted.decoders,
        )
    return runs
