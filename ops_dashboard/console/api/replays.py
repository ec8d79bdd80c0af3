"""Endpoints of replays and retries: start a run, list all runs. Edge (aiohttp)."""

from __future__ import annotations

import asyncio

from aiohttp import web

from ops_dashboard.console.api.json_api import CachedValue, in_thread, json_response, read_json
from ops_dashboard.console.api.rebuilds import Rebuilds, RunRequest

_RUNS_LIFETIME_S = 1.0


class Replays:
    """Serves and starts the runs of one console."""

    def __init__(self, rebuilds: Rebuilds) -> None:
        """Start and track runs with `rebuilds`."""
        self._rebuilds = rebuilds
        self._lock = asyncio.Lock()
        self._runs = CachedValue(lambda: in_thread(self._rebuilds.runs), _RUNS_LIFETIME_S)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under ``/api/replays``."""
        return [web.get("/api/replays", self._get_list), web.post("/api/replays", self._post)]

    async def _get_list(self, _request: web.Request) -> web.Response:
        async with self._lock:
            return json_response(await self._runs.get())

    async def _post(self, request: web.Request) -> web.Response:
        wanted = await read_json(request, RunRequest)
        async with self._lock:
            run = await in_thread(self._rebuilds.start, wanted)
            self._runs.invalidate()
        return json_response(run, status=202)
