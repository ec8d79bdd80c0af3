"""Endpoints of lists of windows: a page, what is new, states, empty cells. Edge (DynamoDB, S3)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Annotated

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import in_thread, json_response, query_value, read_json
from ops_dashboard.console.api.window_query import moment, window_filter
from ops_dashboard.inspect.empty_cells import EmptyCells, empty_cells
from ops_dashboard.inspect.window_metadata import read_metadata
from ops_dashboard.inspect.window_pages import WindowPage
from ops_dashboard.inspect.window_record import WindowRecord
from stream_ingest.contracts.errors import DecodeError, UserError

PAGE_SIZE = 48
_MAX_KNOWN = 5_000
"""Windows whose empty cells are remembered."""
_READERS = 16


class NamedWindows(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Some windows by their ids."""

    ids: Annotated[list[str], msgspec.Meta(max_length=PAGE_SIZE)]


class Gallery:
    """Serves lists of the windows of one stack."""

    def __init__(self, account: Account) -> None:
        """Read from the table and the output bucket of `account`."""
        self._account = account
        self._empty = lru_cache(_MAX_KNOWN)(self._read_empty)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of lists."""
        return [
            web.get("/api/windows", self._get_list),
            web.post("/api/windows/states", self._post_states),
            web.post("/api/windows/empty-cells", self._post_empty_cells),
        ]

    async def _get_list(self, request: web.Request) -> web.Response:
        """Return a page; with ``newer``, a time, only what closed since then."""
        pages, after = self._account.pages, query_value(request, "after")
        wanted = await window_filter(request, self._account.names)
        if (since := moment(request, "newer")) is not None:
            found = await in_thread(pages.newer, wanted, since, limit=PAGE_SIZE)
            return json_response(WindowPage(windows=found))
        return json_response(await in_thread(pages.list_page, wanted, limit=PAGE_SIZE, after=after))

    async def _post_states(self, request: web.Request) -> web.Response:
        """Return the named windows as they are now, without those that are gone."""
        return json_response({"windows": await self._named(request)})

    async def _post_empty_cells(self, request: web.Request) -> web.Response:
        """Return the empty cells of the named windows that have a collage."""
        windows = [each for each in await self._named(request) if each.metadata_key]
        cells = await in_thread(self._empty_of, windows)
        ids = [each.window_id for each in windows]
        return json_response({"windows": dict(zip(ids, cells, strict=True))})

    async def _named(self, request: web.Request) -> list[WindowRecord]:
        wanted = await read_json(request, NamedWindows)
        try:
            return await in_thread(self._account.pages.named, wanted.ids)
        except DecodeError as error:
            raise UserError(str(error)) from error

    def _empty_of(self, windows: list[WindowRecord]) -> list[EmptyCells | None]:
        """Return the empty cells of each window; None if its metadata have expired."""
        with ThreadPoolExecutor(_READERS, thread_name_prefix="metadata") as threads:
            return list(
                threads.map(lambda each: self._empty(each.metadata_key, each.completed_at), windows)
            )

    def _read_empty(self, key: str, _completed_at: str | None) -> EmptyCells | None:
        """Return the empty cells of a build; a later build is another key of the cache."""
        metadata = read_metadata(self._account.s3, self._account.outputs.output_bucket, key)
        return empty_cells(metadata) if metadata else None
