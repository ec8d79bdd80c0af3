"""Fixtures of the fault harness."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from stream_ingest.windowing import stream_processor
from tests.fakes.aws_variables import set_aws_variables


@pytest.fixture(autouse=True, scope="session")
def _small_groups() -> Iterator[None]:
    """Let deliveries of a few creators be processed in several groups, as large ones are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream_processor, "GROUP_CREATORS", 2)
        yield


@pytest.fixture(scope="module")
def moto_dynamodb() -> Iterator[Any]:
    """A client of moto's DynamoDB: an implementation that others wrote, to compare ours with."""
    with pytest.MonkeyPatch.context() as patch:
        set_aws_variables(patch)
        with mock_aws():
            yield boto3.client("dynamodb")
