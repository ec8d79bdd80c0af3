"""Fetch raw answers of a server through the real fetch path."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable

from collage_lambda.download.fetch import Body, Fetcher, Timing
from collage_lambda.download.limiter import DownloadLimiter
from collage_lambda.download.limits import FetchLimits
from collage_lambda.download.retries import RetryPolicy
from collage_lambda.download.session import open_session
from collage_lambda.reasons import Failure
from tests.fakes.collage.network import PUBLIC, EachTime, Names, RawServer

BODY = b"\xff\xd8 the bytes"
LIMITS = FetchLimits(max_bytes=100_000, attempt_s=0.5, retry=RetryPolicy(attempts=1))
HEAD = b"HTTP/1.1 200 OK\r\n"
CLOSE = b"Connection: close\r\n\r\n"
WARM_UPS: list[str] = []
"""Paths that are fetched first, whose bodies are not returned."""


def fetched(*paths: str, query: str = "") -> list[Body | Failure]:
    async def run() -> list[Body | Failure]:
        async with open_session(Names(cdn_test=[[PUBLIC]]), frozenset(), LIMITS) as session:
            fetcher = Fetcher(
                session,
                DownloadLimiter(64, 40),
                LIMITS,
                allowed=frozenset(),
                timing=Timing(now_s=lambda: 1_800_000_000),
            )
            for path in WARM_UPS:
                warm = await fetcher.fetch(f"http://cdn.test{path}", fetcher.new_budget())
                assert isinstance(warm, Body), warm
            urls = [f"http://cdn.test{path}{query}" for path in paths]
            return [await fetcher.fetch(url, fetcher.new_budget()) for url in urls]

    return asyncio.run(run())


def outcome_of(server: RawServer, *chunks: bytes | Iterable[bytes]) -> Body | Failure:
    """Fetch an answer, and then a good one in the same session, which has to stay whole."""
    parts = [[chunk] if isinstance(chunk, bytes) else chunk for chunk in chunks]
    server.answers["/odd"] = EachTime(lambda: itertools.chain.from_iterable(parts))
    outcome, good = fetched("/odd", "/good")
    assert good == Body(data=BODY, attempts=1)
    return outcome
