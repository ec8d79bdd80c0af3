"""An image over all of its URLs: which body counts, and what is said when none does."""

from __future__ import annotations

import pytest

from collage_lambda.download.downloader import (
    DownloadResult,
    DownloadSettings,
    download_image,
)
from collage_lambda.download.fetch import Timing
from collage_lambda.download.limits import fetch_limits
from collage_lambda.download.process_downloads import ProcessDownloads
from collage_lambda.download.recorded_response import RecordedResponse
from collage_lambda.reasons import Failure, FailureReason
from stream_ingest.contracts.settings import DownloadLimits
from tests.fakes.collage.cover_server import CoverServer
from tests.fakes.collage.pipelines import ImagePipelines
from tests.fakes.prefetch_bench import LIMITS

STACK = DownloadSettings(
    allowed=frozenset(), at_once=64, at_once_per_host=40, limits=fetch_limits(15, 3)
)


def test_a_batch_may_ask_for_less_than_the_stack_allows() -> None:
    limited = STACK.limited_to(DownloadLimits(timeout_s=5, tries=1, at_once=8))
    assert limited.at_once == 8
    assert limited.limits == fetch_limits(5, 1)
    assert STACK.limited_to(DownloadLimits(tries=2)).limits == fetch_limits(15, 2)


def test_a_batch_gets_no_more_than_the_stack_allows() -> None:
    assert STACK.limited_to(DownloadLimits(timeout_s=30, tries=9, at_once=500)) == STACK
    assert STACK.limited_to(None) is STACK


@pytest.fixture(autouse=True)
def bodies(server: CoverServer) -> None:
    server.bodies |= {"good": b"good", "other": b"other", "bad": b"bad"}


def fetched(
    server: CoverServer, *paths: str, responses: list[RecordedResponse] | None = None
) -> DownloadResult[str]:
    """Download an image of these URLs; a body is of use unless it is ``bad``."""

    async def use(url: str, data: bytes) -> str | Failure:
        if data == b"bad":
            return Failure(reason=FailureReason.NOT_AN_IMAGE)
        return f"{url.rpartition('/')[2]}: {data.decode()}"

    async def run(downloads: ProcessDownloads) -> DownloadResult[str]:
        async with downloads.fetcher() as fetcher:
            return await download_image(
                fetcher, [server.url(path) for path in paths], use, responses
            )

    settings = DownloadSettings(
        allowed=frozenset({server.source}), at_once=4, at_once_per_host=4, limits=LIMITS
    )
    with ImagePipelines() as pipelines:
        downloads = pipelines.open(settings, Timing()).downloads
        return downloads.run(run(downloads))


def test_no_url_is_requested_after_the_first_usable_one(server: CoverServer) -> None:
    done = fetched(server, "body/good", "body/other")
    assert done.outcome == "good: good"
    assert (done.url, done.attempts, done.bytes) == (server.url("body/good"), 1, 4)
    assert "body/other" not in server.hits


def test_an_unusable_body_counts_as_a_failure(server: CoverServer) -> None:
    done = fetched(server, "status/404", "body/bad", "body/other")
    assert done.outcome == "other: other"
    assert (done.url, done.attempts, done.bytes) == (server.url("body/other"), 3, 8)


def test_a_repeated_url_is_requested_once(server: CoverServer) -> None:
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
def test_the_first_failure_represents_all_unless_one_is_passing(
    server: CoverServer, paths: tuple[str, ...], reason: FailureReason
) -> None:
    done = fetched(server, *paths)
    assert isinstance(done.outcome, Failure)
    assert done.outcome.reason is reason
    assert done.url == server.url(paths[0])


def test_responses_are_recorded_on_request(server: CoverServer) -> None:
    responses: list[RecordedResponse] = []
    fetched(server, "status/404", "body/good", responses=responses)
    assert [response.status for response in responses] == [404, 200]
