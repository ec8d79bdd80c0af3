from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.fakes.ingest.aws import Clients, IngestAws


@pytest.fixture
def aws(moto_clients: Clients) -> Iterator[IngestAws]:
    with mock_aws():
        yield IngestAws(moto_clients)
