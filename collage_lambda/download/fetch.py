"""Fetch the body of one URL. Edge (HTTP).

Whatever a server does, `Fetcher.fetch` does not raise: it returns a `Body` or a `Failure`. Every
hop of a redirect is checked again. The body is counted while it streams and while it is decoded, so
neither a wrong Content-Length nor a gzip bomb gets past the limit. There are three
timeouts, because aiohttp's own may not fire (aio-libs/aiohttp#11740): for each socket operation,
for each attempt, and for the image. An attempt that gets no answer over a reused connection is made
once more over a new one.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable

import aiohttp
import msgspec
from yarl import URL

from collage_lambda.download.content_encoding import is_coded
from collage_lambda.download.limiter import DownloadLimiter, ImageBudget
from collage_lambda.download.limits import LARGE_BODY_BYTES, FetchLimits
from collage_lambda.download.received import Body, Received, is_whole_range
from collage_lambda.download.recorded_response import BEGINNING_BYTES, RecordedResponse
from collage_lambda.download.resolver import BlockedAddressError
from collage_lambda.download.retries import status_failure
from collage_lambda.download.session import ConnectionUse, connection_use
from collage_lambda.download.urls import (
    ANY_PORT,
    AllowedSources,
    Ports,
    check_target,
    next_hop,
    parse_target,
)
from collage_lambda.reasons import Failure, FailureReason
from stream_ingest.contracts.identity import expires_at

_CHUNK_BYTES = 64 * 1024
_WITH_IMAGE = frozenset({200, 203, 206})
_PARTIAL = 206
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_HEADER_CHARS = 1_000
_MIN_ATTEMPT_S = 0.05


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Clocks, sleep and jitter, so that tests can replace them."""

    now_s: Callable[[], float] = time.time
    monotonic_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    uniform: Callable[[float, float], float] = random.uniform


class Fetcher:
    """Downloads URLs within limits; safe to call for many images at once on one event loop."""

    def __init__(  # noqa: PLR0913 - `ProcessDownloads` names each part once
        self,
        session: aiohttp.ClientSession,
        limiter: DownloadLimiter,
        limits: FetchLimits,
        *,
        allowed: AllowedSources,
        timing: Timing,
        ports: Ports = ANY_PORT,
    ) -> None:
        """Download over `session` within `limiter`; from `ports` only, except for `allowed`."""
        self._session, self._limiter, self._limits = session, limiter, limits
        self._allowed, self._ports, self._timing = allowed, ports, timing

    def new_budget(self) -> ImageBudget:
        """Return a fresh budget for one image."""
        return ImageBudget(self._limiter, self._limits.image_s)

    async def fetch(self, text: str, budget: ImageBudget) -> Body | Failure:
        """Return the body of a URL; retry passing failures within the image's budget."""
        target = parse_target(text, self._allowed, self._ports)
        if isinstance(target, Failure):
            return target
        deadline = expires_at(text)
        if deadline is not None and deadline <= self._timing.now_s():
            return Failure(reason=FailureReason.EXPIRED)
        with connection_use() as use:
            return await self._fetch(target, budget, use)

    async def _fetch(self, target: URL, budget: ImageBudget, use: ConnectionUse) -> Body | Failure:
        attempt = 0
        while True:
            attempt += 1
            outcome = await self._timed_attempt(target, budget, use)
            if use.is_unanswered and budget.seconds_left > 0:  # it counts as no attempt
                use.only_new = True
                outcome = await self._timed_attempt(target, budget, use)
            outcome = msgspec.structs.replace(outcome, attempts=attempt)
            if isinstance(outcome, Body):
                return outcome
            wait_s = self._limits.retry.wait_s(outcome, attempt, self._timing.uniform)
            if wait_s is None or wait_s + _MIN_ATTEMPT_S > budget.seconds_left:
                return outcome
            budget.spend(wait_s)
            await self._timing.sleep(wait_s)

    async def _timed_attempt(
        self, target: URL, budget: ImageBudget, use: ConnectionUse
    ) -> Body | Failure:
        received = Received()
        async with self._limiter.request(target.raw_host or ""):
            started, waited_s = self._timing.monotonic_s(), budget.waited_s
            try:
                async with asyncio.timeout(
                    min(self._limits.attempt_s, max(budget.seconds_left, 0.0))
                ) as budget.limit:
                    return await self._guarded_attempt(target, budget, received, use)
            except TimeoutError:
                whole = received.whole_image(self._limits.max_bytes)
                return whole or Failure(reason=FailureReason.TIMEOUT)
            finally:
                spent_s = self._timing.monotonic_s() - started
                budget.spend(spent_s - (budget.waited_s - waited_s))

    async def _guarded_attempt(
        self, target: URL, budget: ImageBudget, received: Received, use: ConnectionUse
    ) -> Body | Failure:
        """Turn aiohttp's exceptions into failures; let `TimeoutError` through."""
        try:
            return await self._follow(target, budget, received, use)
        except TimeoutError:  # aiohttp's own are ClientErrors too
            raise
        except aiohttp.ClientConnectorError as error:
            return no_connection(error)
        except aiohttp.InvalidURL:
            return Failure(reason=FailureReason.BAD_URL, detail="refused by the HTTP client")
        except aiohttp.ClientResponseError as error:
            detail = f"not HTTP as it should be: {error.message.splitlines()[0]}"[:120]
            return Failure(reason=FailureReason.HTTP_ERROR, detail=detail)
        except (aiohttp.ClientError, OSError) as error:
            whole = received.whole_image(self._limits.max_bytes)
            return whole or Failure(reason=FailureReason.CONNECTION, detail=type(error).__name__)

    async def _follow(
        self, url: URL, budget: ImageBudget, received: Received, use: ConnectionUse
    ) -> Body | Failure:
        """Follow redirects; cookies that are set on the way are sent back, as a browser does."""
        jar: aiohttp.CookieJar | None = None
        for _ in range(self._limits.redirects + 1):
            cookies = jar.filter_cookies(url) if jar else None
            use.begin()
            async with self._session.get(url, allow_redirects=False, cookies=cookies) as response:
                use.is_unanswered = False
                if response.status not in _REDIRECTS:
                    return await self._read(response, budget, received)
                if response.cookies:
                    jar = jar or aiohttp.CookieJar()
                    jar.update_cookies(response.cookies, url)
                hop = next_hop(url, response.headers.getall("Location", []))
            if isinstance(hop, Failure):
                return hop
            refusal = check_target(hop, self._allowed, self._ports)
            if refusal is not None:
                return refusal
            url = hop
        return Failure(reason=FailureReason.TOO_MANY_REDIRECTS)

    async def _read(
        self, response: aiohttp.ClientResponse, budget: ImageBudget, received: Received
    ) -> Body | Failure:
        recorded = _record(response, budget)
        failure = self._refusal(response)
        if failure is not None:
            if recorded is not None:
                recorded.append(await response.content.read(BEGINNING_BYTES))
            return failure
        codings = response.headers.getall("Content-Encoding", [])
        received.begin(codings)
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            if received.size + len(chunk) > self._limits.max_bytes:
                return self._too_large()
            if recorded is not None:
                recorded.append(chunk)
            await budget.reserve(received.size + len(chunk))
            received.add(chunk)
        if is_coded(codings):  # it may become large
            await budget.reserve(LARGE_BODY_BYTES + 1)
        return received.body(self._limits.max_bytes)

    def _refusal(self, response: aiohttp.ClientResponse) -> Failure | None:
        """Return why the body of a response is not read, or None."""
        if response.status not in _WITH_IMAGE:
            retry_after = response.headers.get("Retry-After")
            return status_failure(response.status, retry_after, self._timing.now_s())
        if response.status == _PARTIAL and not is_whole_range(
            response.headers.get("Content-Range")
        ):
            detail = "a part of the image"
            return Failure(reason=FailureReason.HTTP_ERROR, status=_PARTIAL, detail=detail)
        if (response.content_length or 0) > self._limits.max_bytes:
            return self._too_large()
        return None

    def _too_large(self) -> Failure:
        return Failure(
            reason=FailureReason.TOO_LARGE, detail=f"more than {self._limits.max_bytes} bytes"
        )


def _record(response: aiohttp.ClientResponse, budget: ImageBudget) -> RecordedResponse | None:
    """Record a response's head if the batch is being debugged."""
    if budget.responses is None:
        return None
    headers = [(str(name), value[:_MAX_HEADER_CHARS]) for name, value in response.headers.items()]
    recorded = RecordedResponse(url=str(response.url), status=response.status, headers=headers)
    budget.responses.append(recorded)
    return recorded


def no_connection(error: aiohttp.ClientConnectorError) -> Failure:
    """Return the failure of an image whose server could not be connected to."""
    if isinstance(error.os_error, BlockedAddressError):
        return Failure(reason=FailureReason.BLOCKED_ADDRESS, detail=str(error.os_error)[:120])
    is_unknown = isinstance(error, aiohttp.ClientConnectorDNSError)
    detail = "host name not found" if is_unknown else type(error).__name__
    return Failure(reason=FailureReason.CONNECTION, detail=detail)
