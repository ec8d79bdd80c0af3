"""Endpoints of dead letters: counts, the messages themselves, redrive, drop. Edge (SQS, S3).

Listing a dead-letter queue hides its messages for a moment, so only one listing, redrive or drop
runs at a time. The counts, which every page polls, come from the queues' attributes and hide
nothing.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import CachedValue, in_thread, json_response, read_json
from ops_dashboard.console.api.window_query import choice
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.drop import Dropped
from ops_dashboard.recovery.letters import Listing
from ops_dashboard.recovery.redrive import RedriveReport
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.queue_depth import queue_depth
from stream_ingest.contracts.errors import UserError

_COUNTS_LIFETIME_S = 2.0
_AT_ONCE = 10
"""Number of queues that are counted at the same time."""


class QueueCounts(msgspec.Struct, frozen=True, kw_only=True):
    """Number of messages in each dead-letter queue, including those in flight."""

    queues: dict[str, int]


class RedriveRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which dead letters to redrive: those with these ids, or all of them."""

    ids: list[str] = []
    all: bool = False


class DropRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which dead letters to drop: those with these ids."""

    ids: Annotated[list[str], msgspec.Meta(min_length=1)]


class Failures:
    """Serves, redrives and drops the dead letters of one stack."""

    def __init__(self, account: Account) -> None:
        """Read and redrive the queues of `account`."""
        self._account = account
        self._counts = CachedValue(lambda: in_thread(self._count), _COUNTS_LIFETIME_S)
        self._queue_lock = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under ``/api/failures``."""
        return [
            web.get("/api/failures/counts", self._get_counts),
            web.get("/api/failures/letters", self._get_letters),
            web.post("/api/failures/redrive", self._post_redrive),
            web.post("/api/failures/drop", self._post_drop),
        ]

    async def _get_counts(self, _request: web.Request) -> web.Response:
        return json_response(await self._counts.get())

    async def _get_letters(self, request: web.Request) -> web.Response:
        """Return those that SQS counts; with ``all``, look for others too, which takes seconds."""
        as_counted = choice(request, "all", ("yes",)) is None
        async with self._queue_lock:
            listing = self._account.dead_letters.letters.listing
            found = await in_thread(listing, as_counted=as_counted)
        newest = sorted(found.letters, key=lambda letter: letter.when, reverse=True)
        return json_response(Listing(letters=newest, remaining=found.remaining))

    async def _post_redrive(self, request: web.Request) -> web.Response:
        wanted = await read_json(request, RedriveRequest)
        if wanted.all == bool(wanted.ids):
            msg = "name the dead letters to redrive: either some ids, or all"
            raise UserError(msg)
        async with self._queue_lock:
            redriven = await in_thread(self._redrive, wanted)
        self._counts.invalidate()
        return json_response(redriven)

    async def _post_drop(self, request: web.Request) -> web.Response:
        wanted = await read_json(request, DropRequest)
        async with self._queue_lock:
            dropped = await in_thread(self._drop, wanted)
        self._counts.invalidate()
        return json_response(dropped)

    def _drop(self, wanted: DropRequest) -> list[Dropped]:
        parts = self._account.dead_letters
        return parts.drop.run(parts.letters.find(wanted.ids))

    def _redrive(self, wanted: RedriveRequest) -> RedriveReport:
        ids = frozenset(wanted.ids)

        def is_wanted(letter: DeadLetter) -> bool:
            return wanted.all or letter.is_named_by(ids)

        return self._account.dead_letters.redrive.run(is_wanted)

    def _count(self) -> QueueCounts:
        urls = dict(sorted(self._account.outputs.dead_letter_queues.items()))
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="counts") as threads:
            counts = threads.map(self._depth, urls, urls.values())
            return QueueCounts(queues=dict(zip(urls, counts, strict=True)))

    def _depth(self, kind: str, url: str) -> int:
        with map_errors(f"count the {kind} dead-letter queue"):
            return queue_depth(self._account.sqs, url).total
