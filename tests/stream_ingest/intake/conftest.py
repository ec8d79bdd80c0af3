"""Moto's buckets, table and queues, with an intake wired to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.fakes.ingest.aws import Clients, IngestAws
from tests.fakes.intake_aws import IntakeAws


@pytest.fixture(scope="session")
def sqs() -> Any:  # noqa: ANN401 - a boto3 client
    """boto3's client for queues, made once; it answers under moto only."""
    with mock_aws():
        return boto3.client("sqs", region_name="us-east-1")


@pytest.fixture
def intake(
    aws_environment: None,  # noqa: ARG001 - it sets variables
    clients: Clients,
    sqs: Any,  # noqa: ANN401 - as above
) -> Iterator[IntakeAws]:
    """One account with an input bucket and the intake's queues."""
    with mock_aws():
        yield IntakeAws(IngestAws(clients), sqs)
