"""Endpoint of the list of windows. Edge (DynamoDB)."""

from __future__ import annotations

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import in_thread, json_response, query_value
from ops_dashboard.inspect.window_pages import WindowFilter
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.table import WindowStatus

_PAGE_SIZE = 48


class Gallery:
    """Serves the list of windows of one stack."""

    def __init__(self, account: Account) -> None:
        """Read from the table of `account`."""
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        """Return the route of the list."""
        return [web.get("/api/windows", self._get_list)]

    async def _get_list(self, request: web.Request) -> web.Response:
        wanted = WindowFilter(
            status=_status(query_value(request, "status")),
            batch_id=query_value(request, "batch"),
            creator=query_value(request, "creator"),
        )
        if wanted.creator is not None:
            name = await in_thread(self._account.names.name_of, wanted.creator)
            wanted = msgspec.structs.replace(wanted, creator=name)
        after = query_value(request, "after")
        return json_response(
            await in_thread(self._account.pages.list_page, wanted, limit=_PAGE_SIZE, after=after)
        )


def _status(text: str | None) -> WindowStatus | None:
    if text is None:
        return None
    try:
        return WindowStatus(text)
    except ValueError as error:
        msg = f"status {text!r}: expected one of {', '.join(WindowStatus)}"
        raise UserError(msg) from error
