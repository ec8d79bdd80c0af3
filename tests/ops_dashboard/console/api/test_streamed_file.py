"""A file that is sent while it is made, to a browser that may not wait for its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from ops_dashboard.console.api.streamed_file import CSV, send_file

_PART = b"x" * 100_000


def test_a_cancelled_download_ends_quietly(caplog: pytest.LogCaptureFixture) -> None:
    """It is no defect of the console, whose log would have a traceback."""
    caplog.set_level(logging.INFO)
    asyncio.run(asyncio.wait_for(_cancel_a_download(), 20))
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []
    assert "the download of f.csv was cancelled" in caplog.messages


async def _cancel_a_download() -> None:
    ended = asyncio.get_running_loop().create_future()

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield _PART

    async def get(request: web.Request) -> web.StreamResponse:
        try:
            response = await send_file(request, "f.csv", CSV, endless())
        except BaseException as error:
            ended.set_exception(error)
            raise
        ended.set_result(response)
        return response

    app = web.Application()
    app.router.add_get("/f.csv", get)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        reader, writer = await asyncio.open_connection(*runner.addresses[0][:2])
        writer.write(b"GET /f.csv HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n")
        writer.close()
        await ended
    finally:
        await runner.cleanup()
