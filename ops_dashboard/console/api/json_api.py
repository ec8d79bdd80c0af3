"""What all endpoints share: JSON bodies, threads for blocking calls, a cache. Edge (aiohttp)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import msgspec
from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError

from stream_ingest.contracts.errors import CoverstreamError, UserError

T = TypeVar("T")
in_thread = asyncio.to_thread
_MIN_COMPRESSED_BYTES = 2_048
_MAX_BODY_BYTES = 1 << 20
_LIFETIME_PER_READ = 4
"""A value that takes long to read is cached for at least this many times as long."""
_FAILURE_LIFETIME_S = 2.0
"""For so long an error is the answer to everybody, so that waiting callers do not wait in turn."""


def json_response(value: object, *, status: int = 200) -> web.Response:
    """Return a value as JSON, compressed if it is large and the client accepts that."""
    response = web.Response(
        body=msgspec.json.encode(value), status=status, content_type="application/json"
    )
    if len(response.body or b"") > _MIN_COMPRESSED_BYTES:  # type: ignore[arg-type]  # bytes as given
        response.enable_compression()
    return response


async def read_json(request: web.Request, kind: type[T]) -> T:
    """Return the decoded body of a request; raises `UserError` that names the field at fault."""
    if (request.content_length or 0) > _MAX_BODY_BYTES:
        msg = "the request body is too large"
        raise UserError(msg)
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.DecodeError as error:
        msg = f"request body: {error}"
        raise UserError(msg) from error


def query_value(request: web.Request, name: str) -> str | None:
    """Return a query parameter, or None if it is absent or empty."""
    return request.query.get(name) or None


class CachedValue(Generic[T]):
    """A value that is read again once it is too old; concurrent callers share one read."""

    def __init__(self, read: Callable[[], Awaitable[T]], lifetime_s: float) -> None:
        """Cache what `read` returns for `lifetime_s`, longer if reading takes long."""
        self._read, self._lifetime_s = read, lifetime_s
        self._lock = asyncio.Lock()
        self._value: T
        self._error: Exception | None = None
        self._expires_at_s = 0.0

    async def get(self) -> T:
        """Return the cached value, read again if it has expired; raises what `read` raises."""
        async with self._lock:
            if time.monotonic() >= self._expires_at_s:
                await self._renew()
            if self._error is not None:
                raise self._error
            return self._value

    async def _renew(self) -> None:
        started_s = time.monotonic()
        try:
            self._value, self._error = await self._read(), None
        except (CoverstreamError, ClientError, BotoCoreError) as error:
            self._error = error
        now_s = time.monotonic()
        lifetime_s = max(self._lifetime_s, _LIFETIME_PER_READ * (now_s - started_s))
        self._expires_at_s = now_s + (_FAILURE_LIFETIME_S if self._error else lifetime_s)

    def invalidate(self) -> None:
        """Read the value again at the next `get`."""
        self._expires_at_s = 0.0
