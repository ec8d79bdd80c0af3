"""An image over all of its URLs: which body counts, and what is said when none does."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from collage_lambda.download.attempts import Exchange
from collage_lambda.download.fallbacks import Downloaded, DownloadSettings, download, open_fetcher
from collage_lambda.download.fetch import Surroundings
from collage_lambda.download.resolver import system_lookup
from collage_lambda.reasons import Failure, FailureReason
from tests.fakes.collage.cover_server import CoverServer
from tests.fakes.prefetch_bench import LIMITS


@pytest.fixture(autouse=True)
def bodies(server: CoverServer) -> None:
    server.bodies |= {"good": b"good", "other": b"other", "bad": b"bad"}


def fetched(
    server: CoverServer, *paths: str, exchanges: list[Exchange] | None = None
) -> Downloaded[str]:
    """Download an image of these URLs; a body is of use unless it is ``bad``."""

    async def use(url: str, data: bytes) -> str | Failure:
        if data == b"bad":
            return Failure(reason=FailureReason.NOT_AN_IMAGE)
        return f"{url.rpartition('/')[2]}: {data.decode()}"

    async def run(threads: ThreadPoolExecutor) -> Downloaded[str]:
        settings = DownloadSettings(
            allowed=frozenset({server.source}), at_once=4, at_once_per_host=4, limits=LIMITS
        )
        async with open_fetcher(settings, system_lookup(threads), Surroundings()) as fetcher:
            return await download(fetcher, [server.url(path) for path in paths], use, exchanges)

    with ThreadPoolExecutor(1) as threads:
        return asyncio.run(run(threads))


def test_the_first_url_that_is_of_use_counts_and_no_other_is_asked(server: CoverServer) -> None:
    done = fetched(server, "body/good", "body/other")
    assert done.outcome == "good: good"
    assert (done.url, done.attempts, done.bytes) == (server.url("body/good"), 1, 4)
    assert "body/other" not in server.hits


def test_a_body_of_no_use_is_as_good_as_none(server: CoverServer) -> None:
    done = fetched(server, "status/404", "body/bad", "body/other")
    assert done.outcome == "other: other"
    assert (done.url, done.attempts, done.bytes) == (server.url("body/other"), 3, 8)


def test_a_url_that_is_there_twice_is_asked_once(server: CoverServer) -> None:
    fetched(server, "status/404", "status/404", "body/bad", "body/bad")
    assert dict(server.hits) == {"status/404": 1, "body/bad": 1}


@pytest.mark.parametrize(
    ("paths", "reason"),
    [
        (("status/404", "status/403"), FailureReason.NOT_FOUND),
        (("body/bad", "status/404"), FailureReason.NOT_AN_IMAGE),
        (("status/404", "status/503"), FailureReason.SERVER_ERROR),
    ],
)
def test_the_first_failure_speaks_for_all_unless_one_may_pass(
    server: CoverServer, paths: tuple[str, ...], reason: FailureReason
) -> None:
    done = fetched(server, *paths)
    assert isinstance(done.outcome, Failure)
    assert done.outcome.reason is reason
    assert done.url == server.url(paths[0])


def test_answers_are_noted_for_whoever_wants_to_know(server: CoverServer) -> None:
    exchanges: list[Exchange] = []
    fetched(server, "status/404", "body/good", exchanges=exchanges)
    assert [exchange.status for exchange in exchanges] == [404, 200]
