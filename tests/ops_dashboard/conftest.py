"""Fixtures of the operator's tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from tests.fakes.ingest_aws import Clients, IngestAws
from tests.fakes.ops_table import OpsTable

_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def _set_variables(patch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    for name, value in _VARIABLES.items():
        patch.setenv(name, value)


@pytest.fixture(scope="session")
def moto_clients() -> Clients:
    """boto3's clients, made once; they answer under moto only."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        _set_variables(patch)
        return {name: boto3.client(name) for name in ("dynamodb", "events", "s3")}


@pytest.fixture
def ops_table(monkeypatch: pytest.MonkeyPatch, moto_clients: Clients) -> Iterator[OpsTable]:
    """An empty table under moto."""
    _set_variables(monkeypatch)
    with mock_aws():
        yield OpsTable(IngestAws(moto_clients))
