"""boto3 clients that outlive an invocation. Edge (boto3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3

from stream_ingest.aws.bucket_owner import expect_owner
from stream_ingest.aws.function_config import function_config
from stream_ingest.aws.presigning import PRESIGNING

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient

UPLOADS = 4
"""S3 requests of one process that need no order; each window that is published has one more."""
PUBLISHED = 5
"""Windows that are published at once: as many as a delivery has."""
_CONFIG = function_config(UPLOADS + PUBLISHED)
S3_CONFIG = _CONFIG.merge(PRESIGNING)


def s3_client(account: str, *buckets: str) -> S3Client:
    """Return a client for the stack's buckets, which have to be the account's."""
    return expect_owner(boto3.client("s3", config=S3_CONFIG), account, buckets)


def dynamodb_client() -> DynamoDBClient:
    """Return a client for the stack's table."""
    return boto3.client("dynamodb", config=_CONFIG)


def sqs_client() -> SQSClient:
    """Return a client for the function's queue."""
    return boto3.client("sqs", config=_CONFIG)


def events_client() -> EventBridgeClient:
    """Return a client for the stack's bus."""
    return boto3.client("events", config=_CONFIG)
