"""A CDN for the sample covers, on 127.0.0.1. Edge (network, thread, clock).

It serves labelled photographs (`cover_art`) under signed URLs like TikTok's (`cover_model`), and
some of them as unreliably as a real CDN: after a retry, a redirect, broken or not at all
(`Behaviour`). A URL with another server's or an expired signature gets 403, so a client that
rewrites URLs fails. Requests and responses are counted per cover.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

from aiohttp import web

from ops_dashboard.local.samples.cover_bytes import Body, cover_body
from ops_dashboard.local.samples.cover_model import (
    DEAD_REGION,
    HOUR_S,
    Behaviour,
    Cover,
    UrlSigner,
    object_id_of,
)
from ops_dashboard.local.samples.cover_swatch import Swatch, read_swatch

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from types import TracebackType

__all__ = ["Behaviour", "Cover", "CoverServer", "Swatch", "UrlSigner", "read_swatch"]

_HOST = "127.0.0.1"
_START_TIMEOUT_S = 10
_STOP_TIMEOUT_S = 10
_RENDERERS = 2  # threads; Pillow lets others run while it encodes


class CoverServer:
    """The cover server in a separate thread; a context manager that is entered once.

    `add` may be called while the server runs. `requests` and `answers` may be read by any thread at
    any time, also after the end.
    """

    def __init__(self, *, clock: Callable[[], float] = time.time, port: int = 0) -> None:
        """Decide expiry by `clock` (Unix seconds); port 0 chooses a free one."""
        self._clock = clock
        self._port = port
        self._secret = secrets.token_bytes(16)
        self._covers: dict[str, Cover] = {}
        self._answers: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._run, name="cover-server", daemon=True)
        self._pool = ThreadPoolExecutor(_RENDERERS, thread_name_prefix="cover-renderer")
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        """``127.0.0.1:PORT``, for the setting `allowedSources`."""
        return f"{_HOST}:{self._port}"

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://{self.address}"

    @property
    def signer(self) -> UrlSigner:
        """Creates URLs that this server accepts; valid only once the server has its port."""
        return UrlSigner(base_url=self.url, secret=self._secret)

    @property
    def requests(self) -> Counter[str]:
        """Number of requests of each cover, by object id."""
        counts: Counter[str] = Counter()
        for (object_id, _), count in self.answers.items():
            counts[object_id] += count
        return counts

    @property
    def answers(self) -> Counter[tuple[str, int]]:
        """Number of responses by object id ("" for other paths) and HTTP status."""
        with self._lock:
            return self._answers.copy()

    def add(self, covers: Iterable[Cover]) -> None:
        """Serve these covers too; one with the object id of an earlier one replaces it."""
        self._covers.update({cover.object_id: cover for cover in covers})

    def switch_off(self) -> None:
        """Refuse connections from now on. Idempotent; the counts stay readable."""
        self._call(self._close())

    def __enter__(self) -> Self:
        """Start listening; raises `OSError` if the port is taken."""
        self._loop = asyncio.new_event_loop()
        self._thread.start()
        try:
            self._call(self._open())
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening and end the thread."""
        try:
            self.switch_off()
        finally:
            self._end()

    def _call(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_TIMEOUT_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        self._loop.close()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_TIMEOUT_S)
        self._pool.shutdown()

    async def _open(self) -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, _HOST, self._port, backlog=512)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def _close(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        object_id = object_id_of(request.path)
        cover = self._covers.get(object_id or "")
        response = await self._respond(request, cover)
        with self._lock:
            self._answers[cover.object_id if cover else "", response.status] += 1
        return response

    async def _respond(self, request: web.Request, cover: Cover | None) -> web.Response:
        """Check in the order of a CDN: signature, object, then the object's behaviour."""
        query = request.query
        expires, signature = query.get("x-expires", ""), query.get("x-signature", "")
        if not self.signer.is_valid(request.path, expires, signature, self._clock()):
            return _plain(HTTPStatus.FORBIDDEN)
        if cover is None:
            return _plain(HTTPStatus.NOT_FOUND)
        mirrored = request.path.startswith("/mirror/")
        if cover.behaviour is Behaviour.REDIRECTED and not mirrored:
            return self._redirect(request.path)
        error = self._error_response(cover, query.get("idc", ""))
        if error is not None:
            return error
        body = await self._loop.run_in_executor(self._pool, cover_body, cover)
        return _picture(body)

    def _error_response(self, cover: Cover, region: str) -> web.Response | None:
        """Return the error response of a cover, or None if its image is to be sent."""
        behaviour = cover.behaviour
        if behaviour is Behaviour.NOT_FOUND or (
            behaviour is Behaviour.GONE_IN_ONE_REGION and region == DEAD_REGION
        ):
            return _plain(HTTPStatus.NOT_FOUND)
        if behaviour is Behaviour.FORBIDDEN:
            return _plain(HTTPStatus.FORBIDDEN)
        if not self._is_first_request(cover):
            return None
        if behaviour is Behaviour.FLAKY:
            return _plain(HTTPStatus.INTERNAL_SERVER_ERROR)
        if behaviour is Behaviour.THROTTLED:
            return _plain(HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": str(cover.number % 2)})
        return None

    def _is_first_request(self, cover: Cover) -> bool:
        failures = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.TOO_MANY_REQUESTS)
        with self._lock:
            return not any(self._answers[cover.object_id, status] for status in failures)

    def _redirect(self, path: str) -> web.Response:
        target = f"/mirror/{path.removeprefix('/').removeprefix('obj/')}"
        expires_s = (int(self._clock()) // HOUR_S + 2) * HOUR_S
        query = self.signer.query(target, expires_s, "mirror")
        return _plain(HTTPStatus.FOUND, {"Location": f"{target}?{query}"})


def _picture(body: Body) -> web.Response:
    headers = {"Cache-Control": "max-age=31536000"}
    return web.Response(body=body.data, content_type=body.content_type, headers=headers)


def _plain(status: HTTPStatus, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=status.phrase, headers=headers)
