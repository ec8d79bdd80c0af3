"""Composition root of the prefetch Lambda. Edge: chooses the real things, lazily.

The same downloads, decoders and limits as the collage Lambda's (`collage_lambda.wiring`).
"""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import boto3

from collage_lambda.download.fetch import Surroundings
from collage_lambda.download.resolver import system_lookup
from collage_lambda.image.decoder import Decoder
from collage_lambda.image.heif_process import HeifProcess
from collage_lambda.image.interpreter import return_memory, watch_pillow
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.prefetch.fetching import CoverFetching
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.prefetch.prefetcher import Prefetcher
from collage_lambda.settings import CollageSettings
from collage_lambda.wiring import CONFIG, LOOKUPS, concurrency_of, downloads_of
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.windowing.repository import CreatorRepository

_NOTES = 4


@cache
def prefetcher() -> Prefetcher:
    """Return the prefetcher of this process."""
    return_memory()
    watch_pillow()
    settings = CollageSettings.from_env(os.environ)
    runs = concurrency_of(settings)
    s3 = boto3.client("s3", config=CONFIG)
    dynamodb = boto3.client("dynamodb", config=CONFIG)
    return Prefetcher(
        store=CreatorRepository(dynamodb, settings.table, prefetch=True),
        shelf=PackStore(s3, settings.temp_bucket, dynamodb, settings.table),
        temp=TempStore(s3, settings.temp_bucket),
        fetching=CoverFetching(
            downloads_of(settings, runs),
            lookup=system_lookup(ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup")),
            threads=ThreadPoolExecutor(runs.decoders, thread_name_prefix="decode"),
            decoder=Decoder(threading.Lock(), HeifProcess()),
            surroundings=Surroundings(now_s=time.time),
        ),
        threads=ThreadPoolExecutor(_NOTES, thread_name_prefix="note"),
        clock=time.time,
        # A day less than the lifecycle rule, which counts days from midnight to midnight.
        life_s=(settings.prefetch_expire_days - 1) * DAY_S,
    )
