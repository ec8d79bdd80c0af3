"""JSON in, JSON out, and blocking work in threads. Edge (aiohttp)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec
from aiohttp import web

from stream_ingest.contracts.errors import UserError

T = TypeVar("T")
in_thread = asyncio.to_thread
_COMPRESS_FROM_BYTES = 2_048
_MAX_BODY_BYTES = 1 << 20
_AGAIN_AFTER = 4
"""A value is kept for this many times as long as it took to read."""


def answer(value: object, *, status: int = 200) -> web.Response:
    """Return a value as JSON, compressed for whoever takes that."""
    response = web.Response(
        body=msgspec.json.encode(value), status=status, content_type="application/json"
    )
    if len(response.body or b"") > _COMPRESS_FROM_BYTES:  # type: ignore[arg-type]  # bytes as given
        response.enable_compression()
    return response


async def asked(request: web.Request, kind: type[T]) -> T:
    """Return the JSON body of a request; `UserError` names what is wrong with it."""
    if (request.content_length or 0) > _MAX_BODY_BYTES:
        msg = "the request is too long"
        raise UserError(msg)
    try:
        return msgspec.json.decode(await request.read(), type=kind)
    except msgspec.DecodeError as error:
        msg = f"request: {error}"
        raise UserError(msg) from error


def option(request: web.Request, name: str) -> str | None:
    """Return a parameter of the query, None where it is absent or empty."""
    return request.query.get(name) or None


class Fresh(Generic[T]):
    """A value that is read again when it is old, once for all who ask at the same time."""

    def __init__(self, read: Callable[[], T], life_s: float) -> None:
        """Keep what `read` (blocking) returns for `life_s`, and longer where reading takes long."""
        self._read, self._life_s = read, life_s
        self._lock = asyncio.Lock()
        self._value: T
        self._until = 0.0

    async def get(self) -> T:
        """Return the value, at most its life old."""
        async with self._lock:
            if time.monotonic() >= self._until:
                began = time.monotonic()
                self._value = await in_thread(self._read)
                now = time.monotonic()
                self._until = now + max(self._life_s, _AGAIN_AFTER * (now - began))
            return self._value

    def drop(self) -> None:
        """Read anew next time: something was changed."""
        self._until = 0.0
