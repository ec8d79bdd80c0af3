"""Composition root of the stream processor's Lambda. Edge: makes the real parts.

`build` puts the parts together; `from_environment` does so for this process, with boto3's clients,
the environment's settings and the system's clock. Handlers call it once, at their first event.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from stream_ingest.aws.bucket_owner import expect_owner
from stream_ingest.aws.function_config import function_config
from stream_ingest.aws.garbage_collection import ignore_existing_objects
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.events import Source
from stream_ingest.contracts.prepared_structs import prepare_structs
from stream_ingest.windowing.creator_folding import CreatorFolding
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.poison.attempts import Attempts
from stream_ingest.windowing.poison.isolation import IsolatedFolding
from stream_ingest.windowing.poison.quarantine import Quarantine
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.fold import Rules
from stream_ingest.windowing.settings import WindowingSettings
from stream_ingest.windowing.stream_processor import StreamProcessor
from stream_ingest.windowing.table_numbering import TableNumbering
from stream_ingest.windowing.unreadable.deferred_rows import DeferredRows
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_s3 import S3Client

THREADS = 24
"""Creators that one invocation writes at once."""
_CONFIG = function_config(THREADS)


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The AWS clients of a process; they may be shared by threads."""

    dynamodb: DynamoDBClient
    events: EventBridgeClient
    s3: S3Client


@dataclass(frozen=True, kw_only=True)
class App:
    """The parts that the handler calls."""

    processor: StreamProcessor
    trusts_partial_responses: bool
    """Whether the event source mapping honours ``batchItemFailures``."""
    clock: Callable[[], float]


def build(
    settings: WindowingSettings, clients: Clients, clock: Callable[[], float], threads: Executor
) -> App:
    """Return the app on the given clients; `clock` gives epoch seconds."""
    store = make_store(settings, clients, clock)
    unreadable = UnreadableList(clients.dynamodb, settings.table, clock)
    folding = make_folding(settings, clients, store, unreadable, clock)
    processor = StreamProcessor(
        store=store,
        folding=folding,
        isolated=IsolatedFolding(store, folding, clock),
        attempts=Attempts(clients.s3, settings.temp_bucket, clock),
        unreadable=unreadable,
        emitter=make_emitter(settings, clients, clock, threads, Source.WINDOWING),
        registry=BatchRegistry(clients.dynamodb, settings.table, clock),
        quarantine=Quarantine(clients.s3, settings.output_bucket),
        threads=threads,
    )
    return App(
        processor=processor,
        trusts_partial_responses=settings.trusts_partial_responses,
        clock=clock,
    )


def from_environment() -> App:
    """Return the app of this process; raises `SettingsError` if a variable is missing."""
    prepare_structs()
    settings = WindowingSettings.from_env(os.environ)
    app = build(settings, make_clients(settings), time.time, make_threads())
    ignore_existing_objects()
    return app


def make_clients(settings: WindowingSettings, buckets: Collection[str] = ()) -> Clients:
    """Return boto3's clients for this process; `buckets` are used besides those of the settings."""
    own = (settings.output_bucket, settings.temp_bucket, *buckets)
    return Clients(
        dynamodb=boto3.client("dynamodb", config=_CONFIG),
        events=boto3.client("events", config=_CONFIG),
        s3=expect_owner(boto3.client("s3", config=_CONFIG), settings.account, own),
    )


def make_threads() -> ThreadPoolExecutor:
    """Return the threads that read and write creators."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="creator")


def make_store(
    settings: WindowingSettings, clients: Clients, clock: Callable[[], float]
) -> CreatorRepository:
    """Return the repository of creators."""
    return CreatorRepository(
        clients.dynamodb,
        settings.table,
        prefetch=settings.prefetch_covers,
        key_template=settings.key_template,
        first_window=TableNumbering(clients.dynamodb, settings.table, clock).first,
    )


def make_folding(
    settings: WindowingSettings,
    clients: Clients,
    store: CreatorRepository,
    unreadable: UnreadableList,
    clock: Callable[[], float],
) -> CreatorFolding:
    """Return what folds the rows of one creator."""
    deferred = DeferredRows(clients.dynamodb, settings.table, unreadable, clock)
    return CreatorFolding(store, deferred, Rules(horizon_days=settings.horizon_days), clock)


def make_emitter(
    settings: WindowingSettings,
    clients: Clients,
    clock: Callable[[], float],
    threads: Executor,
    source: Source,
) -> Emitter:
    """Return the emitter of events as `source`."""
    return Emitter(
        events=clients.events,
        dynamodb=clients.dynamodb,
        s3=clients.s3,
        bus=settings.bus,
        table_name=settings.table,
        temp_bucket=settings.temp_bucket,
        source=source,
        threads=threads,
        clock=clock,
    )
