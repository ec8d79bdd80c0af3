"""Composition root of the rendition Lambda. Edge: chooses the real things.

Clients, threads and the child process that decodes outlive an invocation.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3

from rendition_lambda.announcements import PhotoBus
from rendition_lambda.cdn import Cdn
from rendition_lambda.photo_work import PhotoEdges, Render
from rendition_lambda.reconcile import Reconciler
from rendition_lambda.redelivery import Redelivery
from rendition_lambda.render.process import RenderProcess
from rendition_lambda.renditions import Renditions
from rendition_lambda.repository import PhotoRepository
from rendition_lambda.settings import RenditionSettings
from rendition_lambda.sweeping.queue import RequestQueue
from rendition_lambda.sweeping.sweep import PhotoSweep, SweepEdges
from rendition_lambda.uploads import Uploads
from stream_ingest.aws.bucket_owner import expect_owner
from stream_ingest.aws.function_config import function_config
from stream_ingest.contracts.prepared_structs import prepare_structs

if TYPE_CHECKING:
    from types_boto3_cloudfront import CloudFrontClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

UPLOADS_AT_ONCE = 5
"""S3 requests of one process that run at once: a photo's outputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """The AWS clients that the Lambda uses."""

    s3: S3Client
    dynamodb: DynamoDBClient
    events: EventBridgeClient
    sqs: SQSClient
    cloudfront: CloudFrontClient | None
    """None without a distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What the handler needs."""

    reconciler: Reconciler
    sweep: PhotoSweep
    redelivery: Redelivery
    requests: RequestQueue
    uploads_bucket: str
    other_buckets: tuple[str, ...]
    max_receives: int


def connect(settings: RenditionSettings) -> Clients:
    """Return clients with the function's own credentials."""
    config = function_config(UPLOADS_AT_ONCE + 1)
    buckets = (settings.uploads_bucket, settings.renditions_bucket)
    return Clients(
        s3=expect_owner(boto3.client("s3", config=config), settings.account, buckets),
        dynamodb=boto3.client("dynamodb", config=config),
        events=boto3.client("events", config=config),
        sqs=boto3.client("sqs", config=config),
        cloudfront=boto3.client("cloudfront", config=config) if settings.distribution else None,
    )


def from_environment() -> App:
    """Return the app of this process; raises `SettingsError` if a variable is missing."""
    prepare_structs()
    settings = RenditionSettings.from_env(os.environ)
    return build(settings, connect(settings), RenderProcess().render, time.time)


def build(
    settings: RenditionSettings, clients: Clients, render: Render, clock: Callable[[], float]
) -> App:
    """Put the parts together; `clock` gives epoch seconds."""
    threads = ThreadPoolExecutor(UPLOADS_AT_ONCE, thread_name_prefix="upload")
    edges = PhotoEdges(
        photos=PhotoRepository(clients.dynamodb, settings.photos_table),
        uploads=Uploads(clients.s3, settings.uploads_bucket, settings.other_buckets),
        renditions=Renditions(clients.s3, settings.renditions_bucket, threads),
        cdn=Cdn(clients.cloudfront, settings.distribution),
        bus=PhotoBus(clients.events, settings.bus),
        render=render,
        domain=settings.domain,
    )
    queues = (settings.queue_url, settings.backfill_queue_url)
    requests = RequestQueue(clients.sqs, settings.backfill_queue_url)
    return App(
        reconciler=Reconciler(edges, clock),
        sweep=PhotoSweep(
            SweepEdges(
                photos=edges.photos,
                bus=edges.bus,
                requests=requests,
                uploads_bucket=settings.uploads_bucket,
            ),
            clock,
        ),
        redelivery=Redelivery(clients.sqs, queues, clock),
        requests=requests,
        uploads_bucket=settings.uploads_bucket,
        other_buckets=settings.other_buckets,
        max_receives=settings.max_receives,
    )
