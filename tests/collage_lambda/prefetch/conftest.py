from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fakes.collage.aws import CollageAws
from tests.fakes.collage.cover_server import CoverServer
from tests.fakes.prefetch_bench import HoldingBench


@pytest.fixture
def bench(aws: CollageAws, server: CoverServer) -> Iterator[HoldingBench]:
    """Holders on moto's AWS, with a cover server."""
    with ThreadPoolExecutor(4) as threads:
        yield HoldingBench(aws, server, threads)
