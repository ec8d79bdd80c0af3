"""Fixtures of the ingest tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import boto3
import pytest
from hypothesis import HealthCheck, settings
from moto import mock_aws

from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.ingest.aws import Clients, IngestAws

# Derandomized: a run says the same each time; `HYPOTHESIS_PROFILE=search` looks further.
settings.register_profile(
    "ingest",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("search", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ingest"))


@pytest.fixture
def aws_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of an AWS that cannot be a real one."""
    set_aws_variables(monkeypatch)


@pytest.fixture(scope="session")
def clients() -> Clients:
    """boto3's clients, made once: each takes a tenth of a second. They answer under moto only."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        set_aws_variables(patch)
        return {name: boto3.client(name) for name in ("dynamodb", "events", "s3", "sts")}


@pytest.fixture
def aws(aws_environment: None, clients: Clients) -> Iterator[IngestAws]:  # noqa: ARG001 - it sets variables
    """Moto's AWS with the table, the buckets, a fake bus and a clock."""
    with mock_aws():
        yield IngestAws(clients)
