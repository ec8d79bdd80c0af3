"""Composition root of the prefetch Lambda. Edge: chooses the real things."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collage_lambda.clients import dynamodb_client, s3_client, sqs_client
from collage_lambda.image.process_setup import configure_process
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.pipeline import open_pipeline
from collage_lambda.prefetch.cover_fetcher import CoverFetcher
from collage_lambda.prefetch.pack_store import PackStore
from collage_lambda.prefetch.prefetcher import Prefetcher
from collage_lambda.prefetch.scrub import cover_scrubber
from collage_lambda.redelivery import Redelivery
from collage_lambda.settings import CollageSettings
from stream_ingest.contracts.prepared_structs import prepare_structs
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.windowing.repository import CreatorRepository

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

_STATE_THREADS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """The AWS clients that the Lambda uses."""

    s3: S3Client
    dynamodb: DynamoDBClient
    sqs: SQSClient


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What the handler needs."""

    prefetcher: Prefetcher
    redelivery: Redelivery


def connect(settings: CollageSettings) -> Clients:
    """Return clients with the function's own credentials."""
    return Clients(
        s3=s3_client(settings.account, settings.output_bucket, settings.temp_bucket),
        dynamodb=dynamodb_client(),
        sqs=sqs_client(),
    )


def from_environment() -> App:
    """Return the app of this process; raises `SettingsError` if a variable is missing."""
    prepare_structs()
    configure_process()
    settings = CollageSettings.from_env(os.environ)
    return build(settings, connect(settings), time.time)


def build(settings: CollageSettings, clients: Clients, clock: Callable[[], float]) -> App:
    """Put the parts together; `clock` gives epoch seconds."""
    temp = TempStore(clients.s3, settings.temp_bucket)
    pack_store = PackStore(clients.s3, settings.temp_bucket, clients.dynamodb, settings.table)
    prefetcher = Prefetcher(
        creators=CreatorRepository(clients.dynamodb, settings.table, prefetch=True),
        pack_store=pack_store,
        temp=temp,
        scrubber=cover_scrubber(temp, pack_store),
        cover_fetcher=CoverFetcher(open_pipeline(settings, clock)),
        threads=ThreadPoolExecutor(_STATE_THREADS, thread_name_prefix="state"),
        clock=clock,
        # A day less than the lifecycle rule, which counts days from midnight to midnight.
        life_s=(settings.prefetch_expire_days - 1) * DAY_S,
    )
    return App(prefetcher=prefetcher, redelivery=Redelivery(clients.sqs, settings.queue_url, clock))
