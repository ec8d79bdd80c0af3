"""An image over all of its URLs: the first whose body is of use counts. Edge (HTTP, by `fetch`)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from collage_lambda.download.attempts import Exchange
from collage_lambda.download.fetch import Fetcher, FetchLimits, Surroundings, open_session
from collage_lambda.download.resolver import Lookup
from collage_lambda.download.slots import Slots
from collage_lambda.download.urls import ANY_PORT, AllowedSources, Ports
from collage_lambda.reasons import Failure, representative

T = TypeVar("T")


class DownloadSettings(msgspec.Struct, frozen=True, kw_only=True):
    """From where this process may download, and how much at once."""

    allowed: AllowedSources
    ports: Ports = ANY_PORT
    at_once: int
    at_once_per_host: int
    limits: FetchLimits = FetchLimits()


@asynccontextmanager
async def open_fetcher(
    settings: DownloadSettings, lookup: Lookup, surroundings: Surroundings
) -> AsyncIterator[Fetcher]:
    """Open what downloads on this event loop."""
    async with open_session(lookup, settings.allowed, settings.limits) as session:
        yield Fetcher(
            session,
            Slots(settings.at_once, settings.at_once_per_host),
            settings.limits,
            allowed=settings.allowed,
            ports=settings.ports,
            surroundings=surroundings,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Downloaded(Generic[T]):
    """What became of one image: `outcome` of the body at `url`, or why there is none."""

    outcome: T | Failure
    url: str
    """Where its body was; of an image that could not be had its first URL."""
    attempts: int
    """Requests made, over all its URLs."""
    bytes: int
    """Length of all complete bodies."""


async def download(
    fetcher: Fetcher,
    urls: Sequence[str],
    use: Callable[[str, bytes], Awaitable[T | Failure]],
    exchanges: list[Exchange] | None = None,
) -> Downloaded[T]:
    """Fetch `urls` in their order until `use` of a body is no failure; all share one allowance.

    A body that turns out to be no image is as good as no answer. Answers are noted in `exchanges`,
    if anybody wants to know. `urls` is not empty.
    """
    failures: list[Failure] = []
    attempts = size = 0
    async with fetcher.allowance() as allowance:
        allowance.exchanges = exchanges
        for url in dict.fromkeys(urls):
            body = await fetcher.fetch(url, allowance)
            attempts += body.attempts
            if isinstance(body, Failure):
                failures.append(body)
                continue
            size += len(body.data)
            outcome = await use(url, body.data)
            if not isinstance(outcome, Failure):
                return Downloaded(outcome=outcome, url=url, attempts=attempts, bytes=size)
            failures.append(outcome)
    failure = representative(failures)
    return Downloaded(outcome=failure, url=urls[0], attempts=attempts, bytes=size)
