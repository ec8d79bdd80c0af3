"""Endpoints of batches: their list, one of them, its first collages, and to abandon one. Edge."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import CachedValue, in_thread, json_response, query_value
from ops_dashboard.console.api.window_query import moment
from ops_dashboard.inspect.batches.batch_filter import BatchFilter, batch_filter
from ops_dashboard.inspect.batches.batch_pages import PAGE, BatchPage
from ops_dashboard.inspect.window_record import WindowRecord
from stream_ingest.batches.progress import Batch
from stream_ingest.push.abandon import abandon

FIRST_WINDOWS = 24
"""Number of a batch's windows that its page shows."""
_LIST_LIFETIME_S = 1.0

Abandon = Callable[[str], Batch]
"""Abandons a batch by its id and returns it; blocks. Raises `UserError` if it cannot be."""


def abandon_in(stack: str) -> Abandon:
    """Return a function that abandons a batch of a stack, as the CLI does."""
    return lambda batch_id: abandon(batch_id, stack)


class BatchTiles(msgspec.Struct, frozen=True, kw_only=True):
    """The first windows of a batch."""

    windows: list[WindowRecord]


class Batches:
    """Serves the batches of one stack."""

    def __init__(self, account: Account, abandon: Abandon) -> None:
        """Read the batches of `account`; `abandon` ends one."""
        self._account, self._abandon = account, abandon
        self._newest = CachedValue(lambda: in_thread(self._page, BatchFilter()), _LIST_LIFETIME_S)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under ``/api/batches``."""
        return [
            web.get("/api/batches", self._get_list),
            web.get("/api/batches/{batch_id}", self._get_one),
            web.get("/api/batches/{batch_id}/windows", self._get_windows),
            web.post("/api/batches/{batch_id}/abandon", self._post_abandon),
        ]

    async def _get_list(self, request: web.Request) -> web.Response:
        wanted, after = read_filter(request), query_value(request, "after")
        if wanted == BatchFilter() and after is None:  # what most pages of the console ask for
            return json_response(await self._newest.get())
        return json_response(await in_thread(self._page, wanted, after))

    async def _get_one(self, request: web.Request) -> web.Response:
        batch_id = request.match_info["batch_id"]
        found = await in_thread(self._account.batch_details.find, batch_id)
        if found is None:
            raise web.HTTPNotFound(text=f"no batch {batch_id}")
        return json_response(found)

    async def _get_windows(self, request: web.Request) -> web.Response:
        first = await in_thread(
            self._account.windows.first_of_batch, request.match_info["batch_id"], FIRST_WINDOWS
        )
        return json_response(BatchTiles(windows=first))

    async def _post_abandon(self, request: web.Request) -> web.Response:
        batch = await in_thread(self._abandon, request.match_info["batch_id"])
        self._newest.invalidate()
        return json_response(
            {"batch_id": batch.batch_id, "abandoned_at": batch.abandoned_at}, status=202
        )

    def _page(self, wanted: BatchFilter, after: str | None = None) -> BatchPage:
        return self._account.batch_pages.list_page(wanted, limit=PAGE, after=after)


def read_filter(request: web.Request) -> BatchFilter:
    """Return the filter in a query; raises `UserError` that says what is wrong."""
    return batch_filter(
        outcome=query_value(request, "outcome"),
        trigger=query_value(request, "trigger"),
        since=moment(request, "from"),
        until=moment(request, "to"),
    )
