"""Batches for the pages: the newest, each with its progress. Edge (DynamoDB).

A batch that has ended is read once in a while, since only a replay or retry changes it; the others
whenever they are asked for.
"""

from __future__ import annotations

import time
from itertools import islice

import msgspec
from aiohttp import web

from ops_dashboard.console.api.json_api import Fresh, answer
from stream_ingest.batches.progress import ENDED_BATCH, OPEN_BATCHES, BatchProgress
from stream_ingest.batches.registry import BatchRegistry

NEWEST = 25
_LIFE_S = 1.0
_ENDED_LIFE_S = 60.0


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """A batch in the list: its progress, and when it began."""

    started_at: str
    progress: BatchProgress


class BatchList(msgspec.Struct, frozen=True, kw_only=True):
    """The newest batches, and how many there are."""

    batches: list[BatchRow]
    total: int


class Batches:
    """Answers what batches there are and how far they are."""

    def __init__(self, registry: BatchRegistry) -> None:
        """Ask the registry of one stack."""
        self._registry = registry
        self._newest = Fresh(self.read, _LIFE_S)
        self._ended: dict[str, tuple[float, BatchRow]] = {}

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered where."""
        return [
            web.get("/api/batches", self._list),
            web.get("/api/batches/{batch_id}", self._one),
        ]

    async def newest(self) -> BatchList:
        """Return the newest batches, those under way first."""
        return await self._newest.get()

    async def _list(self, _request: web.Request) -> web.Response:
        return answer(await self.newest())

    async def _one(self, request: web.Request) -> web.Response:
        wanted = request.match_info["batch_id"]
        found = next(
            (row for row in (await self.newest()).batches if row.progress.batch_id == wanted), None
        )
        if found is None:
            raise web.HTTPNotFound(text=f"no batch {wanted}")
        return answer(found)

    def read(self) -> BatchList:
        """Return the newest batches (blocking)."""
        statuses = (*OPEN_BATCHES, ENDED_BATCH)
        ids = {each: status for status in statuses for each in self._registry.ids_in(status)}
        loaded = [batch for each in ids if (batch := self._started(each))]
        newest = islice(sorted(loaded, reverse=True), NEWEST)
        rows = [row for _, each in newest if (row := self._row(each))]
        return BatchList(batches=rows, total=len(ids))

    def _started(self, batch_id: str) -> tuple[str, str] | None:
        """Return when a batch began and its id: what batches are sorted by."""
        if batch_id in self._ended:
            return self._ended[batch_id][1].started_at, batch_id
        batch = self._registry.load(batch_id)
        return (batch.started_at, batch_id) if batch else None

    def _row(self, batch_id: str) -> BatchRow | None:
        until, row = self._ended.get(batch_id, (0.0, None))
        if row is not None and time.monotonic() < until:
            return row
        batch, progress = self._registry.load(batch_id), self._registry.progress(batch_id)
        if batch is None or progress is None:
            return None
        row = BatchRow(started_at=batch.started_at, progress=progress)
        if progress.ended:
            self._ended[batch_id] = (time.monotonic() + _ENDED_LIFE_S, row)
        return row
