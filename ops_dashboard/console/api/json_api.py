"""What all endpoints share: JSON bodies, threads for blocking calls, a cache. Edge (aiohttp)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import msgspec
from aiohttp import web

from stream_ingest.contracts.errors import UserError

T = TypeVar("T")
in_thread = asyncio.to_thread
_MIN_COMPRESSED_BYTES = 2_048
_MAX_BODY_BYTES = 1 << 20
_LIFETIME_PER_READ = 4
"""A value that takes long to read is cached for at least this many times as long."""


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
        self._expires_at_s = 0.0

    async def get(self) -> T:
        """Return the cached value, read again if it has expired."""
        async with self._lock:
            if time.monotonic() >= self._expires_at_s:
                started_s = time.monotonic()
                self._value = await self._read()
                now_s = time.monotonic()
                lifetime_s = max(self._lifetime_s, _LIFETIME_PER_READ * (now_s - started_s))
                self._expires_at_s = now_s + lifetime_s
            return self._value

    def invalidate(self) -> None:
        """Read the value again at the next `get`."""
        self._expires_at_s = 0.0
