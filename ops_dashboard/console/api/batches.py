"""Endpoints of batches: the newest, each with its progress, and to abandon one. Edge (DynamoDB).

An ended batch changes only by a replay or retry, so its progress is cached for a minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice

import msgspec
from aiohttp import web

from ops_dashboard.console.api.json_api import CachedValue, in_thread, json_response
from ops_dashboard.inspect.unreadable_batch import unreadable_batch
from stream_ingest.batches.outcome import BatchOutcome, outcome_of
from stream_ingest.batches.progress import ENDED_BATCHES, OPEN_BATCHES, Batch, BatchProgress
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.push.abandon import abandon

MAX_BATCHES = 25
_LIST_LIFETIME_S = 1.0
_ENDED_LIFETIME_S = 60.0


Abandon = Callable[[str], Batch]
"""Abandons a batch by its id and returns it; blocks. Raises `UserError` if it cannot be."""


def abandon_in(stack: str) -> Abandon:
    """Return a function that abandons a batch of a stack, as the CLI does."""
    return lambda batch_id: abandon(batch_id, stack)


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """A batch in the list: its progress, when it started, and what became of it."""

    started_at: str
    progress: BatchProgress
    outcome: BatchOutcome


class BatchList(msgspec.Struct, frozen=True, kw_only=True):
    """The newest batches, and the number of all batches."""

    batches: list[BatchRow]
    total: int


class Batches:
    """Serves the newest batches of one stack."""

    def __init__(
        self, registry: BatchRegistry, abandon: Abandon, max_batches: int = MAX_BATCHES
    ) -> None:
        """Read batches from `registry`; `abandon` ends one."""
        self._registry, self._abandon, self._max_batches = registry, abandon, max_batches
        self._newest = CachedValue(lambda: in_thread(self.read), _LIST_LIFETIME_S)
        self._ended: dict[str, tuple[float, BatchRow]] = {}
        """By batch id: when the entry expires (monotonic clock), and the entry."""

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under ``/api/batches``."""
        return [
            web.get("/api/batches", self._get_list),
            web.get("/api/batches/{batch_id}", self._get_one),
            web.post("/api/batches/{batch_id}/abandon", self._post_abandon),
        ]

    async def _get_list(self, _request: web.Request) -> web.Response:
        return json_response(await self._newest.get())

    async def _get_one(self, request: web.Request) -> web.Response:
        batch_id = request.match_info["batch_id"]
        newest = await self._newest.get()
        found = next((row for row in newest.batches if row.progress.batch_id == batch_id), None)
        if found is None:
            raise web.HTTPNotFound(text=f"no batch {batch_id}")
        return json_response(found)

    async def _post_abandon(self, request: web.Request) -> web.Response:
        batch = await in_thread(self._abandon, request.match_info["batch_id"])
        self._newest.invalidate()
        return json_response(
            {"batch_id": batch.batch_id, "abandoned_at": batch.abandoned_at}, status=202
        )

    def read(self) -> BatchList:
        """Return the newest batches, newest first. Blocks."""
        statuses = (*OPEN_BATCHES, *ENDED_BATCHES)
        found = {each for status in statuses for each in self._registry.started_in(status)}
        newest = islice(sorted(found, reverse=True), self._max_batches)
        rows = [row for started_at, each in newest if (row := self._row(each, started_at))]
        return BatchList(batches=rows, total=len(found))

    def _row(self, batch_id: str, started_at: str) -> BatchRow | None:
        expires_at_s, row = self._ended.get(batch_id, (0.0, None))
        if row is not None and time.monotonic() < expires_at_s:
            return row
        try:
            batch, progress = self._registry.load(batch_id), self._registry.progress(batch_id)
        except UnreadableItemError as error:
            return _row_of(started_at, unreadable_batch(error))
        if batch is None or progress is None:
            return None
        row = _row_of(batch.started_at, progress)
        if progress.ended:
            self._ended[batch_id] = (time.monotonic() + _ENDED_LIFETIME_S, row)
        return row


def _row_of(started_at: str, progress: BatchProgress) -> BatchRow:
    return BatchRow(started_at=started_at, progress=progress, outcome=outcome_of(progress))
