"""Composition root of the collage Lambda. Edge: chooses the real things.

Clients, threads, the event loop of downloads and its HTTP session outlive an invocation.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from collage_lambda import clients as boto
from collage_lambda.assembly.builder import Builder
from collage_lambda.assembly.content_memory import ContentMemory
from collage_lambda.assembly.placeholders import Placeholders
from collage_lambda.cancelled_runs import CancelledRuns
from collage_lambda.download.probe import answer_probe
from collage_lambda.image.process_setup import configure_process
from collage_lambda.image.scaling import scaler_name
from collage_lambda.lease import WindowLeases
from collage_lambda.log_lines import log_process, make_logger
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.output.announcer import Announcer
from collage_lambda.output.batch_sources import BatchSources
from collage_lambda.output.links import Links
from collage_lambda.output.publisher import Publisher
from collage_lambda.output.store import OutputStore
from collage_lambda.pipeline import ImagePipeline, open_pipeline
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.redelivery import Redelivery
from collage_lambda.settings import CollageSettings
from collage_lambda.worker import CollageWorker
from stream_ingest.aws.garbage_collection import ignore_existing_objects
from stream_ingest.contracts.network_probe import NetworkProbe
from stream_ingest.contracts.prepared_structs import prepare_structs

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """The AWS clients that the Lambda uses."""

    s3: S3Client
    dynamodb: DynamoDBClient
    events: EventBridgeClient
    sqs: SQSClient


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What the handler needs."""

    worker: CollageWorker
    redelivery: Redelivery
    threads: Executor
    """In which windows of a delivery are published."""
    answer_probe: Callable[[NetworkProbe], dict[str, Any]]


def connect(settings: CollageSettings) -> Clients:
    """Return clients with the function's own credentials."""
    return Clients(
        s3=boto.s3_client(settings.account, settings.output_bucket, settings.temp_bucket),
        dynamodb=boto.dynamodb_client(),
        events=boto.events_client(),
        sqs=boto.sqs_client(),
    )


def from_environment() -> App:
    """Return the app of this process; raises `SettingsError` if a variable is missing."""
    prepare_structs()
    configure_process()
    settings = CollageSettings.from_env(os.environ)
    log_process(make_logger(), scaler_name(simd=settings.simd_scaling), settings.memory_mb)
    app = build(settings, connect(settings), time.time)
    ignore_existing_objects(less_often=False)
    return app


def build(settings: CollageSettings, clients: Clients, clock: Callable[[], float]) -> App:
    """Put the parts together; `clock` gives epoch seconds."""
    uploads = ThreadPoolExecutor(boto.UPLOADS, thread_name_prefix="upload")
    temp = TempStore(clients.s3, settings.temp_bucket)
    outputs = OutputStore(
        clients.s3,
        settings.output_bucket,
        copies_by_creator=settings.copies_by_creator,
        threads=uploads,
    )
    links = Links(clients.s3, settings.output_bucket, settings.url_life_s, clock)
    announcer = Announcer(clients.events, settings.bus)
    pipeline = open_pipeline(settings, clock)
    worker = CollageWorker(
        windows=WindowLeases(clients.dynamodb, settings.table, clock),
        outputs=outputs,
        temp=temp,
        pack_store=PackStore(clients.s3, settings.temp_bucket, clients.dynamodb, settings.table),
        builder=make_builder(
            settings,
            pipeline,
            temp,
            uploads,
            contents=_contents(settings, clients, uploads),
            placeholders=Placeholders(
                clients.dynamodb, settings.table, horizon_days=settings.horizon_days, clock=clock
            ),
        ),
        publisher=Publisher(outputs, links, announcer, clock),
        batch_sources=BatchSources(clients.dynamodb, settings.table),
        cancelled_runs=CancelledRuns(clients.dynamodb, settings.table, clock),
        clock=clock,
    )
    return App(
        worker=worker,
        redelivery=Redelivery(clients.sqs, settings.queue_url, clock),
        threads=ThreadPoolExecutor(boto.PUBLISHED, thread_name_prefix="publish"),
        answer_probe=partial(answer_probe, pipeline.downloads.settings, pipeline.downloads.lookup),
    )


def _contents(
    settings: CollageSettings, clients: Clients, threads: Executor
) -> ContentMemory | None:
    """Return the memory of images by their bytes; None if the stack has none."""
    if not settings.content_dedup:
        return None
    return ContentMemory(
        clients.dynamodb, settings.table, horizon_days=settings.horizon_days, threads=threads
    )


def make_builder(  # noqa: PLR0913 - the parts of a builder
    settings: CollageSettings,
    pipeline: ImagePipeline,
    temp: TempStore,
    uploads: Executor,
    *,
    contents: ContentMemory | None = None,
    placeholders: Placeholders | None = None,
) -> Builder:
    """Return the builder of windows; benchmarks use it without AWS."""
    return Builder(
        pipeline,
        temp=temp,
        uploads=uploads,
        keep_originals=settings.keep_originals,
        refused_images=settings.refused_images,
        contents=contents,
        placeholders=placeholders,
    )
