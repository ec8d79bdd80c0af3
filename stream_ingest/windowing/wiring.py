"""Composition root of the windowing and sweeper Lambdas. Edge: chooses the real things, lazily."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

import boto3
from botocore.config import Config

from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.batches.results.reports import Reports
from stream_ingest.batches.results.store import ResultStore
from stream_ingest.contracts.events import Source
from stream_ingest.contracts.metrics import Service
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.log_lines import log_set_aside, log_swept_window
from stream_ingest.windowing.quarantine import Quarantine
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.fold import Rules
from stream_ingest.windowing.settings import WindowingSettings
from stream_ingest.windowing.stream_processor import Windowing
from stream_ingest.windowing.sweeper.open_work import OpenWorkReader
from stream_ingest.windowing.sweeper.sweeper import Sweeper
from stream_ingest.windowing.telemetry import make_logger

_THREADS = 16
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 5},
    max_pool_connections=_THREADS,
    connect_timeout=5,
    read_timeout=20,
)


@cache
def settings() -> WindowingSettings:
    """Return this process's settings, read once."""
    return WindowingSettings.from_env(os.environ)


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="creator")


@cache
def _emitter(source: Source) -> Emitter:
    return Emitter(
        events=boto3.client("events", config=_CONFIG),
        dynamodb=boto3.client("dynamodb", config=_CONFIG),
        s3=boto3.client("s3", config=_CONFIG),
        bus=settings().bus,
        table_name=settings().table,
        temp_bucket=settings().temp_bucket,
        source=source,
        threads=_threads(),
        clock=time.time,
    )


@cache
def _store() -> CreatorRepository:
    dynamodb = boto3.client("dynamodb", config=_CONFIG)
    return CreatorRepository(dynamodb, settings().table, prefetch=settings().prefetch_covers)


@cache
def _registry() -> BatchRegistry:
    return BatchRegistry(boto3.client("dynamodb", config=_CONFIG), settings().table, time.time)


@cache
def windowing() -> Windowing:
    """Return the windowing of this process."""
    return Windowing(
        store=_store(),
        emitter=_emitter(Source.WINDOWING),
        registry=_registry(),
        quarantine=Quarantine(boto3.client("s3", config=_CONFIG), settings().output_bucket),
        rules=Rules(horizon_days=settings().horizon_days),
        threads=_threads(),
        clock=time.time,
    )


@cache
def open_work() -> OpenWorkReader:
    """Return what counts the work under way."""
    dynamodb = boto3.client("dynamodb", config=_CONFIG)
    return OpenWorkReader(_registry(), dynamodb, settings().table, time.time)


def _reports() -> Reports:
    store = ResultStore(
        boto3.client("s3", config=_CONFIG),
        settings().output_bucket,
        partial(log_set_aside, make_logger(Service.SWEEPER)),
    )
    return Reports(_registry(), store, time.time)


@cache
def sweeper() -> Sweeper:
    """Return the sweeper of this process."""
    return Sweeper(
        store=_store(),
        emitter=_emitter(Source.SWEEPER),
        registry=_registry(),
        reports=_reports(),
        dynamodb=boto3.client("dynamodb", config=_CONFIG),
        table_name=settings().table,
        threads=_threads(),
        clock=time.time,
        max_attempts=settings().max_receives,
        prefetch=settings().prefetch_covers,
        notice=partial(log_swept_window, make_logger(Service.SWEEPER)),
    )
