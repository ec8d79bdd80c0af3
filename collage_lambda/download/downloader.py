"""Download an image from the first of its URLs that has a usable body. Edge (HTTP, by `fetch`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

import msgspec

from collage_lambda.download.fetch import Fetcher
from collage_lambda.download.headers import USER_AGENT
from collage_lambda.download.limits import FetchLimits
from collage_lambda.download.recorded_response import RecordedResponse
from collage_lambda.download.urls import ANY_PORT, AllowedSources, Ports
from collage_lambda.reasons import Failure, representative
from stream_ingest.contracts.settings import DownloadLimits

T = TypeVar("T")


class DownloadSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where this process may download from, and how much at once."""

    allowed: AllowedSources
    ports: Ports = ANY_PORT
    at_once: int
    at_once_per_host: int
    limits: FetchLimits = FetchLimits()
    user_agent: str = USER_AGENT

    def limited_to(self, wanted: DownloadLimits | None) -> Self:
        """Return these settings with what a batch wants where that is less."""
        if wanted is None:
            return self
        retry = self.limits.retry
        attempt_s = min(self.limits.attempt_s, wanted.timeout_s or self.limits.attempt_s)
        attempts = min(retry.attempts, wanted.tries or retry.attempts)
        return msgspec.structs.replace(
            self,
            at_once=min(self.at_once, wanted.at_once or self.at_once),
            limits=msgspec.structs.replace(
                self.limits,
                attempt_s=attempt_s,
                retry=msgspec.structs.replace(retry, attempts=attempts),
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadResult(Generic[T]):
    """The result for one image: what `use` made of the body at `url`, or a failure."""

    outcome: T | Failure
    url: str
    """The URL of the body; the image's first URL if every URL failed."""
    attempts: int
    """Requests made, over all URLs."""
    bytes: int
    """Length of all complete bodies."""


async def download_image(
    fetcher: Fetcher,
    urls: Sequence[str],
    use: Callable[[str, bytes], Awaitable[T | Failure]],
    responses: list[RecordedResponse] | None = None,
) -> DownloadResult[T]:
    """Fetch `urls` in order until `use` returns something other than a failure for a body.

    All URLs share one budget. Servers' responses are appended to `responses`, if given, as they
    arrive: so they are there even if this call is cancelled. `urls` must not be empty.
    """
    failures: list[Failure] = []
    attempts = size = 0
    async with fetcher.new_budget() as budget:
        budget.responses = responses
        for url in dict.fromkeys(urls):
            body = await fetcher.fetch(url, budget)
            attempts += body.attempts
            if isinstance(body, Failure):
                failures.append(body)
                continue
            size += len(body.data)
            outcome = await use(url, body.data)
            if not isinstance(outcome, Failure):
                return DownloadResult(outcome=outcome, url=url, attempts=attempts, bytes=size)
            failures.append(outcome)
    failure = representative(failures)
    return DownloadResult(outcome=failure, url=urls[0], attempts=attempts, bytes=size)
