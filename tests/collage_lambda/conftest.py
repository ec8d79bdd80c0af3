from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.collage_aws import CollageAws
from tests.fakes.collage_server import CoverServer


@pytest.fixture
def server() -> Iterator[CoverServer]:
    """A cover server on a free port."""
    with CoverServer() as running:
        yield running


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[CollageAws]:
    """moto's AWS with the table, buckets, bus and a queue that hears the bus."""
    variables: dict[str, Any] = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_SESSION_TOKEN": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with CollageAws() as running:
        yield running
