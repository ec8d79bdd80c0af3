"""Collages for the pages: lists, one window's cells, the images themselves. Edge (DynamoDB, S3)."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import PurePosixPath

import msgspec
from aiohttp import web

from collage_lambda.output.metadata import WindowMetadata
from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import answer, in_thread, option
from ops_dashboard.inspect.window_metadata import read_metadata
from ops_dashboard.inspect.window_pages import WindowFilter
from ops_dashboard.inspect.window_record import WindowRecord
from stream_ingest.contracts.errors import DecodeError, UserError
from stream_ingest.contracts.table import WindowStatus

_PAGE = 48
_SHOWN_FOR_S = 240
"""How long a browser may keep the way to an image; its presigned URL lives five minutes."""


class WindowDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One window: its status, and what is in each cell where it was ever built."""

    window: WindowRecord
    metadata: WindowMetadata | None


class Gallery:
    """Answers which collages there are, what is in one, and where its images are."""

    def __init__(self, account: Account) -> None:
        """Read one stack."""
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered where."""
        return [
            web.get("/api/windows", self._list),
            web.get("/api/windows/{window_id}", self._one),
            web.get("/media/{kind:thumbnail|collage|download}/{window_id}", self._image),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        wanted = WindowFilter(
            status=_status(option(request, "status")),
            batch_id=option(request, "batch"),
            creator=option(request, "creator"),
        )
        after = option(request, "after")
        return answer(await in_thread(self._account.pages.page, wanted, limit=_PAGE, after=after))

    async def _one(self, request: web.Request) -> web.Response:
        window = await self._window(request)
        return answer(WindowDetail(window=window, metadata=await in_thread(self._metadata, window)))

    async def _image(self, request: web.Request) -> web.Response:
        window = await self._window(request)
        kind = request.match_info["kind"]
        key = window.thumbnail_key if kind == "thumbnail" else window.collage_key
        if key is None:
            raise web.HTTPNotFound(text="this window has no collage")
        save_as = PurePosixPath(key).name if kind == "download" else None
        url = await in_thread(self._account.link, key, save_as=save_as)
        return web.Response(
            status=HTTPStatus.FOUND,
            headers={"Location": url, "Cache-Control": f"private, max-age={_SHOWN_FOR_S}"},
        )

    async def _window(self, request: web.Request) -> WindowRecord:
        try:
            found = await in_thread(self._account.windows.one, request.match_info["window_id"])
        except DecodeError as error:
            raise web.HTTPNotFound(text=str(error)) from error
        if found is None:
            raise web.HTTPNotFound(text="no such window")
        return found

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
