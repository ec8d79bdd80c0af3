"""Composition root of the sweeper's Lambda. Edge: makes the real parts.

As `stream_ingest.windowing.wiring`, whose clients, repository and emitter it shares.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import boto3

from stream_ingest.aws.failed_objects import FailedObjects
from stream_ingest.aws.function_config import function_config
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.batches.results.reports import Reports
from stream_ingest.batches.results.store import ResultStore
from stream_ingest.contracts.events import Source
from stream_ingest.contracts.metrics import Service
from stream_ingest.contracts.prepared_structs import prepare_structs
from stream_ingest.intake.settings import SearchSettings
from stream_ingest.intake.unread.unread_files import UnreadFiles
from stream_ingest.windowing.settings import WindowingSettings
from stream_ingest.windowing.sweeper.log_lines import (
    log_item_error,
    log_swept_window,
    log_unreadable_statistics,
)
from stream_ingest.windowing.sweeper.open_work import OpenWorkReader
from stream_ingest.windowing.sweeper.sweeper import Sweeper
from stream_ingest.windowing.telemetry import make_logger
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList
from stream_ingest.windowing.wiring import (
    THREADS,
    Clients,
    make_clients,
    make_emitter,
    make_folding,
    make_store,
    make_threads,
)

_CONFIG = function_config(THREADS)


@dataclass(frozen=True, kw_only=True)
class App:
    """The parts that the handler calls."""

    sweeper: Sweeper
    open_work: OpenWorkReader
    failed: FailedObjects


def build(
    settings: WindowingSettings,
    clients: Clients,
    clock: Callable[[], float],
    threads: Executor,
    start_files: Callable[[], tuple[str, ...]] = tuple,
) -> App:
    """Return the app on the given clients.

    `clock` gives epoch seconds, `start_files` starts files that no job knows.
    """
    logger = make_logger(Service.SWEEPER)
    registry = BatchRegistry(clients.dynamodb, settings.table, clock)
    results = ResultStore(
        clients.s3, settings.output_bucket, partial(log_unreadable_statistics, logger)
    )
    store = make_store(settings, clients, clock)
    unreadable = UnreadableList(clients.dynamodb, settings.table, clock)
    sweeper = Sweeper(
        store=store,
        folding=make_folding(settings, clients, store, unreadable, clock),
        emitter=make_emitter(settings, clients, clock, threads, Source.SWEEPER),
        registry=registry,
        reports=Reports(registry, results, clock),
        dynamodb=clients.dynamodb,
        table_name=settings.table,
        threads=threads,
        clock=clock,
        delivery_s=settings.delivery_s,
        max_attempts=settings.max_receives,
        prefetch=settings.prefetch_covers,
        start_files=start_files,
        on_window=partial(log_swept_window, logger),
        on_error=partial(log_item_error, logger),
    )
    open_work = OpenWorkReader(registry, clients.dynamodb, settings.table, clock)
    failed = FailedObjects(
        clients.s3, output_bucket=settings.output_bucket, temp_bucket=settings.temp_bucket
    )
    return App(sweeper=sweeper, open_work=open_work, failed=failed)


def from_environment() -> App:
    """Return the app of this process; raises `SettingsError` if a variable is missing."""
    prepare_structs()
    settings = WindowingSettings.from_env(os.environ)
    search = SearchSettings.from_env(os.environ)
    clients, threads = make_clients(settings, (search.input_bucket,)), make_threads()
    files = UnreadFiles(
        s3=clients.s3,
        sqs=boto3.client("sqs", config=_CONFIG),
        dynamodb=clients.dynamodb,
        table_name=settings.table,
        bucket=search.input_bucket,
        queue_url=search.queue_url,
        defaults=search.defaults,
        threads=threads,
        clock=time.time,
    )
    return build(settings, clients, time.time, threads, files.start)
