"""A proxy for the embedded AWS that injects faults in its answers. Edge (network, threads).

Commands and functions use its URL as their endpoint. The Host header passes unchanged, so that the
signature of a presigned URL holds. Bodies are passed on as they arrive; only those of requests that
are refused are read and dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from http import HTTPStatus
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import web
from yarl import URL

from tests.attack.harness.aws_call import (
    Call,
    ErrorAnswer,
    call_of,
    internal_error,
    throttled,
    unavailable,
)
from tests.attack.harness.fault_draws import Draws, Fault

_HOST = "127.0.0.1"
_START_TIMEOUT_S = 10
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "expect", "upgrade"})
_FORM = "application/x-www-form-urlencoded"
_CHUNK_BYTES = 65_536
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=300)
_REFUSALS = {
    Fault.ERROR_500: internal_error,
    Fault.ERROR_503: unavailable,
    Fault.THROTTLE: throttled,
}


class AwsProxy:
    """The proxy in a thread of its own; a context manager that is entered once."""

    def __init__(self, endpoint: str, draws: Draws) -> None:
        """Pass requests on to `endpoint`, but for the faults that `draws` has."""
        self._endpoint, self.draws = endpoint, draws
        self._port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="aws-proxy")
        self._runner: web.AppRunner
        self._session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://{_HOST}:{self._port}"

    def __enter__(self) -> Self:
        """Start listening on a free port."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(_START_TIMEOUT_S)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection and end the thread."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(_START_TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> None:
        self._session = aiohttp.ClientSession(
            auto_decompress=False,
            timeout=_TIMEOUT,
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, _HOST, 0, backlog=512).start()
        self._port = self._runner.addresses[0][1]

    async def _close(self) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        form = await request.read() if request.content_type == _FORM else b""
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = call_of(request.method, request.raw_path, headers, form)
        fault = self.draws.draw(call.service, call.operation)
        if fault is Fault.RESET_BEFORE:
            return _reset(request)
        if fault in _REFUSALS:
            return await _refuse(request, _REFUSALS[fault](call))
        if fault is Fault.DELAY:
            await asyncio.sleep(self.draws.delay_s(call.service))
        return await self._forward(request, call, fault, form)

    async def _forward(
        self, request: web.Request, call: Call, fault: Fault | None, form: bytes
    ) -> web.StreamResponse:
        headers = [
            (name, value)
            for name, value in request.headers.items()
            if name.lower() not in _HOP_BY_HOP
        ]
        data = form or (request.content if request.body_exists else None)
        async with self._session.request(
            request.method,
            URL(self._endpoint + request.raw_path, encoded=True),
            headers=headers,
            data=data,
            allow_redirects=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        ) as answer:
            if fault in {None, Fault.DELAY}:
                return await _pass_on(request, answer)
            body = await answer.read()
        return await _spoil(request, call, fault, answer, body)


async def _pass_on(request: web.Request, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = _like(answer)
    await response.prepare(request)
    async for chunk in answer.content.iter_chunked(_CHUNK_BYTES):
        await response.write(chunk)
    await response.write_eof()
    return response


async def _spoil(
    request: web.Request,
    call: Call,
    fault: Fault | None,
    answer: aiohttp.ClientResponse,
    body: bytes,
) -> web.StreamResponse:
    """Answer a request that AWS has executed as its fault requires."""
    if fault is Fault.ERROR_AFTER:
        return await _refuse(request, internal_error(call))
    if fault is Fault.CUT_ANSWER and len(body) > 1 and request.method != "HEAD":
        response = _like(answer)
        response.content_length = len(body)
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        return _reset(request, response)
    if fault is Fault.LOST_ANSWER:
        if request.transport is not None:
            request.transport.close()
        return web.Response()
    return _reset(request)


def _like(answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    for name, value in answer.headers.items():
        if name.lower() not in _HOP_BY_HOP:
            response.headers.add(name, value)
    return response


async def _refuse(request: web.Request, error: ErrorAnswer) -> web.Response:
    """Answer with an error after the request's body has been read, as AWS does."""
    with contextlib.suppress(aiohttp.ClientError, ConnectionError):
        async for _ in request.content.iter_chunked(_CHUNK_BYTES):
            pass
    body = b"" if request.method == "HEAD" else error.body
    return web.Response(status=error.status, headers=dict(error.headers), body=body)


def _reset(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    """Reset the connection: the client gets RST, not the end of the stream."""
    transport = request.transport
    if transport is not None:
        raw: socket.socket = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return response or web.Response(status=HTTPStatus.BAD_GATEWAY)
