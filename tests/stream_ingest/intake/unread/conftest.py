"""The intake's account, with an input bucket that keeps versions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.fakes.ingest.aws import Clients, IngestAws
from tests.fakes.intake_aws import INPUT, IntakeAws


@pytest.fixture
def intake(
    aws_environment: None,  # noqa: ARG001 - it sets variables
    clients: Clients,
) -> Iterator[IntakeAws]:
    """One account with the intake's queues and a versioned bucket."""
    with mock_aws():
        sqs: Any = boto3.client("sqs", region_name="us-east-1")
        intake = IntakeAws(IngestAws(clients), sqs)
        intake.s3.put_bucket_versioning(Bucket=INPUT, VersioningConfiguration={"Status": "Enabled"})
        intake.clock.advance(time.time() - intake.clock())  # moto stamps objects with the real time
        yield intake
