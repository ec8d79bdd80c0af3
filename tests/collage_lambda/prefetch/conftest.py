from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fakes.collage.aws import CollageAws
from tests.fakes.collage.cover_server import CoverServer
from tests.fakes.prefetch_bench import PrefetchBench


@pytest.fixture
def bench(aws: CollageAws, server: CoverServer) -> Iterator[PrefetchBench]:
    """Prefetchers on moto's AWS, with a cover server."""
    with ThreadPoolExecutor(4) as threads:
        yield PrefetchBench(aws, server, threads)
