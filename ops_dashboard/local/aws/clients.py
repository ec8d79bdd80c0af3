"""Typed boto3 clients of one embedded AWS. Edge (network).

Credentials, region and endpoint are fixed, never looked up: a local run must not use a user's
profile, proxy or instance role, and must never reach a user's account.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_events import EventBridgeClient
    from types_boto3_kinesis import KinesisClient
    from types_boto3_lambda import LambdaClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient
    from types_boto3_ssm import SSMClient

REGION = "us-east-1"
ACCOUNT = "000000000000"
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105 - the root key of every ministack
_CONFIG = Config(
    proxies={},
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=32,
    s3={"addressing_style": "path"},
)


class Clients:
    """Creates each service's client once. Thread-safe."""

    def __init__(self, endpoint: str, ca_bundle: str | None = None) -> None:
        """Connect to `endpoint`; `ca_bundle` is its certificate's file if it uses TLS."""
        self.endpoint, self.ca_bundle = endpoint, ca_bundle
        self._session = boto3.Session(
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            region_name=REGION,
        )
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()  # creating clients of one session is not thread-safe

    def untyped(self, service: str) -> Any:  # noqa: ANN401 - boto3 builds its classes at run time
        """Return the client of a service, by boto3's name for it."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = self._session.client(  # type: ignore[call-overload]  # by name
                    service, endpoint_url=self.endpoint, config=_CONFIG, verify=self.ca_bundle
                )
            return self._clients[service]

    def close(self) -> None:
        """Close all connections; a server with TLS waits for them before it exits."""
        with self._lock:
            for client in self._clients.values():
                client.close()

    @property
    def dynamodb(self) -> DynamoDBClient:
        """DynamoDB."""
        client: DynamoDBClient = self.untyped("dynamodb")
        return client

    @property
    def events(self) -> EventBridgeClient:
        """EventBridge."""
        client: EventBridgeClient = self.untyped("events")
        return client

    @property
    def kinesis(self) -> KinesisClient:
        """Kinesis Data Streams."""
        client: KinesisClient = self.untyped("kinesis")
        return client

    @property
    def functions(self) -> LambdaClient:
        """Lambda."""
        client: LambdaClient = self.untyped("lambda")
        return client

    @property
    def s3(self) -> S3Client:
        """S3."""
        client: S3Client = self.untyped("s3")
        return client

    @property
    def sqs(self) -> SQSClient:
        """SQS."""
        client: SQSClient = self.untyped("sqs")
        return client

    @property
    def ssm(self) -> SSMClient:
        """Systems Manager."""
        client: SSMClient = self.untyped("ssm")
        return client
