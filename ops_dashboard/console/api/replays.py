"""Replays and retries for the pages: start one, watch it run. Edge."""

from __future__ import annotations

import asyncio

from aiohttp import web

from ops_dashboard.console.api.json_api import Fresh, answer, asked, in_thread
from ops_dashboard.console.api.rebuilds import Order, Rebuilds

_LIFE_S = 1.0


class Replays:
    """Answers how far runs are, and starts them."""

    def __init__(self, rebuilds: Rebuilds) -> None:
        """Start and follow with `rebuilds`."""
        self._rebuilds = rebuilds
        self._one_at_a_time = asyncio.Lock()
        self._runs = Fresh(self._rebuilds.look, _LIFE_S)

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered where."""
        return [web.get("/api/replays", self._list), web.post("/api/replays", self._start)]

    async def _list(self, _request: web.Request) -> web.Response:
        async with self._one_at_a_time:
            return answer(await self._runs.get())

    async def _start(self, request: web.Request) -> web.Response:
        order = await asked(request, Order)
        async with self._one_at_a_time:
            run = await in_thread(self._rebuilds.start, order)
            self._runs.drop()
        return answer(run, status=202)
