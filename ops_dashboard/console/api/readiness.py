"""Endpoint of what can be known before work starts: whether the stack answers. Edge (aiohttp)."""

from __future__ import annotations

from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import in_thread, json_response


class Readiness:
    """Tells pages whether a change that takes long, such as an upload, can start."""

    def __init__(self, account: Account) -> None:
        """Ask the stack of `account`."""
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        """Return the route ``/api/ready``."""
        return [web.get("/api/ready", self._get)]

    async def _get(self, _request: web.Request) -> web.Response:
        """Return an empty object, or the error why the stack cannot be used."""
        await in_thread(self._account.reach)
        return json_response({})
