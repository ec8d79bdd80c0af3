"""Composition root of the intake's Lambda. Edge: makes the real parts.

`build` puts the parts together; `from_environment` does so for this process.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import boto3
from aws_lambda_powertools import Logger

from stream_ingest.aws.bucket_owner import expect_owner
from stream_ingest.aws.function_config import function_config
from stream_ingest.aws.garbage_collection import ignore_existing_objects
from stream_ingest.aws.meter import Meter
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.metrics import Service
from stream_ingest.contracts.prepared_structs import prepare_structs
from stream_ingest.intake.direct_invocation import DirectInvocation
from stream_ingest.intake.job_runner import JobRunner
from stream_ingest.intake.job_store import JobStore
from stream_ingest.intake.message_handler import MessageHandler, Queues
from stream_ingest.intake.message_reader import MessageReader
from stream_ingest.intake.requests import Buckets, Requests
from stream_ingest.intake.settings import IntakeSettings
from stream_ingest.intake.telemetry import Telemetry
from stream_ingest.push.producer import MAX_REQUESTS

if TYPE_CHECKING:
    from types_aiobotocore_kinesis import KinesisClient
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

_CONFIG = function_config(2 * MAX_REQUESTS)


class ThreadedKinesis:
    """An awaitable PutRecords, the only call of a producer: boto3's in a thread.

    So the intake shares the windowing bundle, which has no second HTTP library.
    """

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - a boto3 client
        """Call `client`."""
        self._client = client

    async def put_records(self, **request: object) -> object:
        """Put records in a thread."""
        return await asyncio.to_thread(self._client.put_records, **request)


@dataclass(frozen=True, kw_only=True)
class Clients:
    """The AWS clients of a process; they may be shared by threads."""

    dynamodb: DynamoDBClient
    kinesis: KinesisClient
    """Its calls are awaited (`ThreadedKinesis`)."""
    s3: S3Client
    sqs: SQSClient


@dataclass(frozen=True, kw_only=True)
class App:
    """The parts that the handler calls."""

    messages: MessageHandler
    direct: DirectInvocation


def build(
    settings: IntakeSettings,
    clients: Clients,
    clock: Callable[[], float],
    logger: Logger,
    meter: Meter,
) -> App:
    """Return the app on the given clients; `clock` gives epoch seconds."""
    telemetry = Telemetry(meter)
    buckets = Buckets(settings.input_bucket, settings.allowed_buckets)
    job_store = JobStore(clients.dynamodb, settings.table, clients.s3, settings.temp_bucket, clock)
    runner = JobRunner(
        s3=clients.s3,
        kinesis=clients.kinesis,
        stream=settings.stream,
        input_bucket=settings.input_bucket,
        output_bucket=settings.output_bucket,
        job_store=job_store,
        registry=BatchRegistry(clients.dynamodb, settings.table, clock),
        clock=clock,
        creator_case=settings.creator_case,
        on_report=telemetry.report,
    )
    make_job = Requests(clients.s3, job_store, buckets, settings.defaults).job
    reader = MessageReader(
        s3=clients.s3,
        job_store=job_store,
        buckets=buckets,
        defaults=settings.defaults,
        make_job=make_job,
        clock=clock,
    )
    queues = Queues(clients.sqs, settings.queue_url, settings.dead_letters_url)
    messages = MessageHandler(
        runner=runner,
        queues=queues,
        reader=reader,
        max_receives=settings.max_receives,
        logger=logger,
        clock=clock,
        on_failure=telemetry.count_failure,
    )
    return App(messages=messages, direct=DirectInvocation(runner, queues, reader, logger))


def from_environment(meter: Meter) -> App:
    """Return the app of this process; raises `SettingsError` if a variable is missing."""
    prepare_structs()
    settings = IntakeSettings.from_env(os.environ)
    app = build(settings, make_clients(settings), time.time, make_logger(), meter)
    ignore_existing_objects()
    return app


def make_clients(settings: IntakeSettings) -> Clients:
    """Return boto3's clients for this process; buckets of others may be anybody's."""
    own = (settings.input_bucket, settings.output_bucket, settings.temp_bucket)
    kinesis = ThreadedKinesis(boto3.client("kinesis", config=_CONFIG))
    return Clients(
        dynamodb=boto3.client("dynamodb", config=_CONFIG),
        kinesis=cast("KinesisClient", kinesis),
        s3=expect_owner(boto3.client("s3", config=_CONFIG), settings.account, own),
        sqs=boto3.client("sqs", config=_CONFIG),
    )


def make_logger() -> Logger:
    """Return the structured logger of this process."""
    return Logger(service=Service.INTAKE)
