"""Endpoints of one window: its cells, its timeline, the failure before it. Edge (DynamoDB, S3)."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from pathlib import PurePosixPath

import msgspec
from aiohttp import web

from collage_lambda.output.metadata import WindowMetadata
from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import in_thread, json_response, query_value
from ops_dashboard.inspect.window_metadata import read_metadata
from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.recovery.replay import is_retryable
from ops_dashboard.trace.fact_text import with_facts
from ops_dashboard.trace.timeline import EmptyCell, StoredObject, Timeline
from stream_ingest.contracts.errors import DecodeError

_REDIRECT_LIFETIME_S = 240
"""How long a browser may cache the redirect to an image; the presigned URL lives five minutes."""


class WindowDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One window: its status, and the content of each cell if it has been built."""

    window: WindowRecord
    metadata: WindowMetadata | None
    source: str | None
    """Where the rows of its batch came from; None if that is not known any more."""
    retryable: bool
    """Whether images failed for a reason that may have passed."""


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened; `facts` as people read them."""

    at: datetime
    source: str
    what: str
    facts: str


class TimelineView(msgspec.Struct, frozen=True, kw_only=True):
    """What `ops-dashboard trace` tells of a window."""

    steps: list[StepView]
    objects: list[StoredObject]
    empty_cells: list[EmptyCell]
    log_error: str | None
    query: str
    log_groups: list[str]


class WindowDetails:
    """Serves single windows of one stack."""

    def __init__(self, account: Account) -> None:
        """Read from the table, the buckets and the logs of `account`."""
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of a window and of its images."""
        return [
            web.get("/api/windows/{window_id}", self._get_one),
            web.get("/api/windows/{window_id}/timeline", self._get_timeline),
            web.get("/api/windows/{window_id}/next-failure", self._get_next_failure),
            web.get("/media/{kind:thumbnail|collage|download}/{window_id}", self._get_image),
        ]

    async def _get_one(self, request: web.Request) -> web.Response:
        window = await self._window(request)
        return json_response(await in_thread(self._detail, window))

    async def _get_timeline(self, request: web.Request) -> web.Response:
        window = await self._window(request)
        logs = query_value(request, "logs") == "true"
        timeline = await in_thread(self._account.timelines.read, window.window_id, logs=logs)
        if timeline is None:
            raise web.HTTPNotFound(text="no such window")
        return json_response(_view(timeline))

    async def _get_next_failure(self, request: web.Request) -> web.Response:
        window = await self._window(request)
        found = await in_thread(self._account.pages.earlier_failure, window.window_id)
        return json_response({"window_id": found.window_id if found else None})

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
            retryable=is_retryable(window),
        )

    def _metadata(self, window: WindowRecord) -> WindowMetadata | None:
        if window.metadata_key is None:
            return None
        bucket = self._account.outputs.output_bucket
        return read_metadata(self._account.s3, bucket, window.metadata_key)


def _view(timeline: Timeline) -> TimelineView:
    """Return a timeline as the viewer shows it."""
    steps = [
        StepView(at=step.at, source=step.source, what=step.what, facts=facts)
        for step, facts in with_facts(timeline.steps)
    ]
    return TimelineView(
        steps=steps,
        objects=timeline.objects,
        empty_cells=timeline.empty_cells,
        log_error=timeline.log_error,
        query=timeline.query,
        log_groups=timeline.log_groups,
    )
