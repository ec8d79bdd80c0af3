from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.collage.aws import CollageAws
from tests.fakes.collage.cover_server import CoverServer
from tests.fakes.collage.pipelines import ImagePipelines
from tests.fakes.collage.worker_bench import WorkerBench


@pytest.fixture
def server() -> Iterator[CoverServer]:
    """A cover server on a free port."""
    with CoverServer() as running:
        yield running


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[CollageAws]:
    """moto's AWS with the table, buckets, bus and a queue that hears the bus."""
    set_aws_variables(monkeypatch)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "test")
    with CollageAws() as running:
        yield running


@pytest.fixture
def bench(aws: CollageAws, server: CoverServer) -> Iterator[WorkerBench]:
    """A collage worker."""
    with ImagePipelines() as pipelines:
        yield WorkerBench(aws, server, pipelines)
