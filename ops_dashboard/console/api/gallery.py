"""Endpoints of windows: lists, one window's cells, its images. Edge (DynamoDB, S3)."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import PurePosixPath

import msgspec
from aiohttp import web

from collage_lambda.output.metadata import WindowMetadata
from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import in_thread, json_response, query_value
from ops_dashboard.inspect.window_metadata import read_metadata
from ops_dashboard.inspect.window_pages import WindowFilter
from ops_dashboard.inspect.window_record import WindowRecord
from stream_ingest.contracts.errors import DecodeError, UserError
from stream_ingest.contracts.table import WindowStatus

_PAGE_SIZE = 48
_REDIRECT_LIFETIME_S = 240
"""How long a browser may cache the redirect to an image; the presigned URL lives five minutes."""


class WindowDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One window: its status, and the content of each cell if it has been built."""

    window: WindowRecord
    metadata: WindowMetadata | None
    source: str | None
    """Where the rows of its batch came from; None if that is not known any more."""


class Gallery:
    """Serves the windows and collages of one stack."""

    def __init__(self, account: Account) -> None:
        """Read from the table and output bucket of `account`."""
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of windows and of their images."""
        return [
            web.get("/api/windows", self._get_list),
            web.get("/api/windows/{window_id}", self._get_one),
            web.get("/media/{kind:thumbnail|collage|download}/{window_id}", self._get_image),
        ]

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

    async def _get_one(self, request: web.Request) -> web.Response:
        window = await self._window(request)
        return json_response(await in_thread(self._detail, window))

    async def _get_image(self, request: web.Request) -> web.Response:
        window = await self._window(request)
        kind = request.match_info["kind"]
        key = window.thumbnail_key if kind == "thumbnail" else window.collage_key
        if key is None:
            raise web.HTTPNotFound(text="this window has no collage")
        save_as = PurePosixPath(key).name if kind == "download" else None
        url = await in_thread(self._account.link, key, save_as=save_as)
        return web.Response(
            status=HTTPStatus.FOUND,
            headers={"Location": url, "Cache-Control": f"private, max-age={_REDIRECT_LIFETIME_S}"},
        )

    async def _window(self, request: web.Request) -> WindowRecord:
        try:
            found = await in_thread(self._account.windows.find, request.match_info["window_id"])
        except DecodeError as error:
            raise web.HTTPNotFound(text=str(error)) from error
        if found is None:
            raise web.HTTPNotFound(text="no such window")
        return found

    def _detail(self, window: WindowRecord) -> WindowDetail:
        batch = self._account.batches.load(window.batch_id)
        return WindowDetail(
            window=window,
            metadata=self._metadata(window),
            source=batch.source if batch else None,
        )

    def _metadata(self, window: WindowRecord) -> WindowMetadata | None:
        if window.metadata_key is None:
            return None
        bucket = self._account.outputs.output_bucket
        return read_metadata(self._account.s3, bucket, window.metadata_key)


def _status(text: str | None) -> WindowStatus | None:
    if text is None:
        return None
    try:
        return WindowStatus(text)
    except ValueError as error:
        msg = f"status {text!r}: expected one of {', '.join(WindowStatus)}"
        raise UserError(msg) from error
