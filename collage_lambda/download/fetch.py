"""One URL becomes bytes, or a reason why not. Edge (HTTP).

Nothing that a server does raises out of `Fetcher.fetch`: it answers with a `Body` or a `Failure`.
Every hop of a redirect is judged anew; the body is counted while it streams, after any content
decoding, so neither a lying Content-Length nor a gzip bomb gets past the limit. Timeouts are set
three times over, because aiohttp's own may not fire (aio-libs/aiohttp#11740): for each socket
operation, for each attempt, and for the image. The session belongs to the loop that opened it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import msgspec
from yarl import URL

from collage_lambda.download.attempts import BEGINNING_BYTES, Exchange
from collage_lambda.download.resolver import BlockedAddressError, GuardedResolver, Lookup
from collage_lambda.download.retries import RetryPolicy, status_failure
from collage_lambda.download.slots import Allowance, Slots
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

HEADERS = {
    "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
    " (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Accept": "image/jpeg,image/webp,image/png,image/avif;q=0.9,image/*;q=0.8,*/*;q=0.5",
    "Accept-Language": "en-US,en;q=0.9",
    "Accept-Encoding": "identity",
    "Referer": "https://www.tiktok.com/",
    "Sec-Fetch-Dest": "image",
    "Sec-Fetch-Mode": "no-cors",
    "Sec-Fetch-Site": "cross-site",
}
"""What a browser sends for an image on tiktok.com, but for SVG, which is not decoded here, and with
JPEG first, which decodes fastest."""
_CHUNK_BYTES = 64 * 1024
_DNS_TTL_S = 60
_OK = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_HEADER = 1_000
_SHORTEST_ATTEMPT_S = 0.05


class FetchLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one download may take. The attempts of an image and its pauses share `image_s`."""

    max_bytes: int = 20 * 1024 * 1024
    connect_s: float = 5.0
    read_s: float = 8.0
    attempt_s: float = 15.0
    image_s: float = 40.0
    redirects: int = 5
    retry: RetryPolicy = RetryPolicy()


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A complete body that was answered with 200."""

    data: bytes
    attempts: int = 0


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """Time and chance, which tests put their own in place of."""

    now_s: Callable[[], float] = time.time
    monotonic_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    uniform: Callable[[float, float], float] = random.uniform


@asynccontextmanager
async def open_session(
    lookup: Lookup, allowed: AllowedSources, limits: FetchLimits
) -> AsyncIterator[aiohttp.ClientSession]:
    """Open the HTTP session of one event loop; `Slots` limit its connections."""
    resolver = GuardedResolver(lookup, allowed)
    connector = aiohttp.TCPConnector(
        limit=0,
        resolver=resolver,
        socket_factory=resolver.open_socket,
        ttl_dns_cache=_DNS_TTL_S,
    )
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=limits.connect_s, sock_read=limits.read_s
    )
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        headers=HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    ) as session:
        yield session


class Fetcher:
    """Downloads URLs within limits; safe to call for many images at once on one event loop."""

    def __init__(  # noqa: PLR0913 - whoever builds a window names each part once
        self,
        session: aiohttp.ClientSession,
        slots: Slots,
        limits: FetchLimits,
        *,
        allowed: AllowedSources,
        surroundings: Surroundings,
        ports: Ports = ANY_PORT,
    ) -> None:
        """Download over `session`, sharing `slots`; but for `allowed`, only from `ports`."""
        self._session, self._slots, self._limits = session, slots, limits
        self._allowed, self._ports, self._around = allowed, ports, surroundings

    def allowance(self) -> Allowance:
        """Return a fresh allowance for one image."""
        return Allowance(self._slots, self._limits.image_s)

    async def fetch(self, text: str, allowance: Allowance) -> Body | Failure:
        """Return the body behind a URL; tries again what may pass, within the image's allowance."""
        target = parse_target(text, self._allowed, self._ports)
        if isinstance(target, Failure):
            return target
        deadline = expires_at(text)
        if deadline is not None and deadline <= self._around.now_s():
            return Failure(reason=FailureReason.EXPIRED)
        attempt = 0
        while True:
            attempt += 1
            outcome = await self._timed_attempt(target, allowance)
            outcome = msgspec.structs.replace(outcome, attempts=attempt)
            if isinstance(outcome, Body):
                return outcome
            wait_s = self._limits.retry.wait_s(outcome, attempt, self._around.uniform)
            if wait_s is None or wait_s + _SHORTEST_ATTEMPT_S > allowance.seconds_left:
                return outcome
            allowance.spend(wait_s)
            await self._around.sleep(wait_s)

    async def _timed_attempt(self, target: URL, allowance: Allowance) -> Body | Failure:
        async with self._slots.request(target.raw_host or ""):
            started, waited_s = self._around.monotonic_s(), allowance.waited_s
            try:
                async with asyncio.timeout(
                    min(self._limits.attempt_s, max(allowance.seconds_left, 0.0))
                ) as allowance.limit:
                    return await self._guarded_attempt(target, allowance)
            except TimeoutError:
                return Failure(reason=FailureReason.TIMEOUT)
            finally:
                spent_s = self._around.monotonic_s() - started
                allowance.spend(spent_s - (allowance.waited_s - waited_s))

    async def _guarded_attempt(self, target: URL, allowance: Allowance) -> Body | Failure:
        """Turn what aiohttp raises into a failure; `TimeoutError` is left to the caller."""
        try:
            return await self._follow(target, allowance)
        except TimeoutError:  # also aiohttp's own, which are ClientErrors too
            raise
        except aiohttp.ClientConnectorError as error:
            return _no_connection(error)
        except aiohttp.InvalidURL:
            return Failure(reason=FailureReason.BAD_URL, detail="refused by the HTTP client")
        except (aiohttp.ClientError, OSError) as error:
            return Failure(reason=FailureReason.CONNECTION, detail=type(error).__name__)

    async def _follow(self, url: URL, allowance: Allowance) -> Body | Failure:
        for _ in range(self._limits.redirects + 1):
            async with self._session.get(url, allow_redirects=False) as response:
                if response.status not in _REDIRECTS:
                    return await self._read(response, allowance)
                hop = next_hop(url, response.headers.getall("Location", []))
            if isinstance(hop, Failure):
                return hop
            refusal = check_target(hop, self._allowed, self._ports)
            if refusal is not None:
                return refusal
            url = hop
        return Failure(reason=FailureReason.TOO_MANY_REDIRECTS)

    async def _read(self, response: aiohttp.ClientResponse, allowance: Allowance) -> Body | Failure:
        exchange = _noted(response, allowance)
        if response.status != _OK:
            if exchange is not None:
                exchange.begin(await response.content.read(BEGINNING_BYTES))
            retry_after = response.headers.get("Retry-After")
            return status_failure(response.status, retry_after, self._around.now_s())
        if (response.content_length or 0) > self._limits.max_bytes:
            return self._too_large()
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
            size += len(chunk)
            if size > self._limits.max_bytes:
                return self._too_large()
            if exchange is not None:
                exchange.begin(chunk)
            await allowance.grow_to(size)
            chunks.append(chunk)
        return Body(data=b"".join(chunks))

    def _too_large(self) -> Failure:
        return Failure(
            reason=FailureReason.TOO_LARGE, detail=f"more than {self._limits.max_bytes} bytes"
        )


def _noted(response: aiohttp.ClientResponse, allowance: Allowance) -> Exchange | None:
    """Note an answer's head, if anybody wants to know."""
    if allowance.exchanges is None:
        return None
    headers = [(str(name), value[:_MOST_HEADER]) for name, value in response.headers.items()]
    exchange = Exchange(url=str(response.url), status=response.status, headers=headers)
    allowance.exchanges.append(exchange)
    return exchange


def _no_connection(error: aiohttp.ClientConnectorError) -> Failure:
    if isinstance(error.os_error, BlockedAddressError):
        return Failure(reason=FailureReason.BLOCKED_ADDRESS, detail=str(error.os_error)[:120])
    is_unknown = isinstance(error, aiohttp.ClientConnectorDNSError)
    detail = "host name not found" if is_unknown else type(error).__name__
    return Failure(reason=FailureReason.CONNECTION, detail=detail)
