"""Fixtures of the operator's tests."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.ingest.aws import Clients, IngestAws
from tests.fakes.ops.table import OpsTable


@pytest.fixture(scope="session")
def moto_clients() -> Clients:
    """boto3's clients, made once; they answer under moto only."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        set_aws_variables(patch)
        return {name: boto3.client(name) for name in ("dynamodb", "events", "s3")}


@pytest.fixture
def ops_table(monkeypatch: pytest.MonkeyPatch, moto_clients: Clients) -> Iterator[OpsTable]:
    """An empty table under moto."""
    set_aws_variables(monkeypatch)
    with mock_aws():
        yield OpsTable(IngestAws(moto_clients))
