"""Fixtures of the ingest tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from moto import mock_aws

from tests.fakes.ingest_aws import IngestAws

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
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def aws(aws_environment: None) -> Iterator[IngestAws]:  # noqa: ARG001 - it sets variables
    """Moto's AWS with the table, the buckets, a fake bus and a clock."""
    with mock_aws():
        yield IngestAws()
