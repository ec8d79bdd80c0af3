"""Endpoints of photos that are there: galleries, pages, links, requests. Edge (DynamoDB, S3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import msgspec
from aiohttp import web

from ops_dashboard.console.api.json_api import (
    in_thread,
    json_response,
    query_value,
    read_json,
)
from ops_dashboard.console.photo_access import LINK_LIFE_S, PhotoAccess
from ops_dashboard.console.photos.view import PhotoView, limits, photo_view
from ops_dashboard.inspect.photo_galleries import list_galleries
from ops_dashboard.inspect.photo_pages import MAX_KEY_BYTES, check_key
from rendition_lambda.photo_item import Photo, PhotoStatus
from stream_ingest.contracts.errors import NotFoundError, UserError

MAX_STATES = 100
"""Photos whose states are read by one request."""
_REDIRECT_LIFE_S = LINK_LIFE_S - 60


class PhotosView(msgspec.Struct, frozen=True, kw_only=True):
    """Some photos; `next` is the cursor of the next page, None on the last."""

    photos: list[PhotoView]
    unreadable: Sequence[str] = ()
    next: str | None = None


class StatesRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which photos to read, by their object keys."""

    keys: Annotated[list[str], msgspec.Meta(max_length=MAX_STATES)]


class RenderRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which photo to render again."""

    key: str


class PhotoListing:
    """Serves the photos of one stack."""

    def __init__(self, access: PhotoAccess) -> None:
        """Read by `access`."""
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of photos that are there."""
        return [
            web.get("/api/photos", self._get_page),
            web.get("/api/photos/limits", self._get_limits),
            web.get("/api/photos/galleries", self._get_galleries),
            web.get("/api/photos/one", self._get_one),
            web.post("/api/photos/states", self._post_states),
            web.post("/api/photos/render", self._post_render),
            web.get("/media/photos/output", self._get_output),
            web.get("/media/photos/original", self._get_original),
        ]

    async def _get_limits(self, _request: web.Request) -> web.Response:
        return json_response(limits())

    async def _get_galleries(self, request: web.Request) -> web.Response:
        prefix = query_value(request, "prefix")
        bucket = self._access.outputs.uploads_bucket
        wanted = check_key(prefix, "beginning of a name") if prefix else ""
        return json_response(await in_thread(list_galleries, self._access.s3, bucket, wanted))

    async def _get_page(self, request: web.Request) -> web.Response:
        page = await in_thread(
            self._access.pages.list_page,
            query_value(request, "gallery") or "",
            status=_status(query_value(request, "status")),
            after=query_value(request, "after"),
        )
        return json_response(
            PhotosView(photos=self._views(page.photos), unreadable=page.unreadable, next=page.next)
        )

    async def _get_one(self, request: web.Request) -> web.Response:
        key = query_value(request, "key") or ""
        found = await in_thread(self._access.pages.find, [key])
        if not found:
            raise web.HTTPNotFound(text=f"there is no photo {key}")
        return json_response(self._views(found)[0])

    async def _post_states(self, request: web.Request) -> web.Response:
        wanted = await read_json(request, StatesRequest)
        found = await in_thread(self._access.pages.find, wanted.keys)
        return json_response(PhotosView(photos=self._views(found)))

    async def _post_render(self, request: web.Request) -> web.Response:
        wanted = await read_json(request, RenderRequest)
        with _not_found():
            await in_thread(self._access.render_again, wanted.key)
        return json_response({}, status=202)

    def _views(self, photos: Sequence[Photo]) -> list[PhotoView]:
        is_signed = self._access.outputs.signed_addresses
        return [photo_view(photo, signed_addresses=is_signed) for photo in photos]

    async def _get_output(self, request: web.Request) -> web.Response:
        key = query_value(request, "key") or ""
        return _redirect(await in_thread(self._access.output_link, key), _REDIRECT_LIFE_S)

    async def _get_original(self, request: web.Request) -> web.Response:
        key = query_value(request, "key") or ""
        with _not_found():
            return _redirect(await in_thread(self._access.original_link, key), 0)


@contextmanager
def _not_found() -> Iterator[None]:
    """Answer 404 if what is named inside the block does not exist."""
    try:
        yield
    except NotFoundError as error:
        raise web.HTTPNotFound(text=str(error)) from error


def _redirect(url: str, life_s: int) -> web.Response:
    """Return a redirect that the browser may cache for so many seconds."""
    cached = f"private, max-age={life_s}" if life_s else "no-store"
    return web.Response(status=302, headers={"Location": url, "Cache-Control": cached})


def _status(text: str | None) -> PhotoStatus | None:
    if text is None:
        return None
    try:
        return PhotoStatus(text)
    except ValueError as error:
        msg = f"status {text[:MAX_KEY_BYTES]!r}: expected one of {', '.join(PhotoStatus)}"
        raise UserError(msg) from error
