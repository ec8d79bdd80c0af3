"""Composition root of the intake Lambda. Edge: chooses the real things, lazily."""

from __future__ import annotations

import asyncio
import os
import time
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.intake.job_runner import Intake
from stream_ingest.intake.job_store import JobStore
from stream_ingest.intake.message_handler import MessageHandler, Queues
from stream_ingest.intake.requests import Requests
from stream_ingest.intake.settings import IntakeSettings
from stream_ingest.push.producer import MAX_REQUESTS

if TYPE_CHECKING:
    from types_aiobotocore_kinesis import KinesisClient

SERVICE = "intake"
_CONFIG = Config(
    retries={"mode": "standard", "max_attempts": 5},
    max_pool_connections=2 * MAX_REQUESTS,
    connect_timeout=5,
    read_timeout=20,
)


class ThreadedKinesis:
    """The one call that a producer makes, awaited: boto3's own in a thread.

    So the intake shares the windowing bundle, which carries no second HTTP library.
    """

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - a boto3 client
        """Call `client`."""
        self._client = client

    async def put_records(self, **request: object) -> object:
        """Put records as boto3 does."""
        return await asyncio.to_thread(self._client.put_records, **request)


@cache
def logger() -> Logger:
    """Return the structured logger of this process."""
    return Logger(service=SERVICE)


@cache
def desk() -> MessageHandler:
    """Return the desk of this process."""
    settings = IntakeSettings.from_env(os.environ)
    s3 = boto3.client("s3", config=_CONFIG)
    dynamodb = boto3.client("dynamodb", config=_CONFIG)
    kinesis = ThreadedKinesis(boto3.client("kinesis", config=_CONFIG))
    ledger = JobStore(dynamodb, settings.table, s3, settings.temp_bucket, time.time)
    intake = Intake(
        s3=s3,
        kinesis=cast("KinesisClient", kinesis),
        stream=settings.stream,
        output_bucket=settings.output_bucket,
        ledger=ledger,
        registry=BatchRegistry(dynamodb, settings.table, time.time),
        clock=time.time,
    )
    return MessageHandler(
        intake=intake,
        queues=Queues(
            boto3.client("sqs", config=_CONFIG), settings.queue_url, settings.dead_letters_url
        ),
        requested=Requests(s3, ledger, settings.input_bucket).job,
        input_bucket=settings.input_bucket,
        max_receives=settings.max_receives,
        logger=logger(),
    )
