from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.collage.aws import CollageAws
from tests.fakes.collage.cover_server import CoverServer
from tests.fakes.collage.pipelines import ImagePipelines
from tests.fakes.prefetch_bench import PrefetchBench


@pytest.fixture
def bench(aws: CollageAws, server: CoverServer) -> Iterator[PrefetchBench]:
    """Prefetchers on moto's AWS, with a cover server."""
    with ImagePipelines() as pipelines:
        yield PrefetchBench(aws, server, pipelines)
