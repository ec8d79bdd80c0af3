"""What could not be done, for the pages: dead letters, refused rows, and their way back. Edge.

Looking into a dead-letter queue hides its messages for a moment, so one look at a time. The counts
that a page asks for every few seconds come from the queues' own attributes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import Fresh, answer, asked, in_thread
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.redrive import Redriven
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.queue_depth import queue_depth
from stream_ingest.contracts.errors import UserError

_COUNT_LIFE_S = 2.0


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Messages in each dead-letter queue, those that somebody looks at included."""

    queues: dict[str, int]


class RedriveOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which letters to send on their way: the named ones, or all of them."""

    ids: list[str] = []
    all: bool = False


class Failures:
    """Answers what is dead, and sends it on."""

    def __init__(self, account: Account) -> None:
        """Work on one stack."""
        self._account = account
        self._counts = Fresh(self._count, _COUNT_LIFE_S)
        self._one_look = asyncio.Lock()

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered where."""
        return [
            web.get("/api/failures/counts", self._get_counts),
            web.get("/api/failures/letters", self._get_letters),
            web.post("/api/failures/redrive", self._redrive),
        ]

    async def _get_counts(self, _request: web.Request) -> web.Response:
        return answer(await self._counts.get())

    async def _get_letters(self, _request: web.Request) -> web.Response:
        async with self._one_look:
            letters = await in_thread(self._account.redrive.letters)
        return answer(sorted(letters, key=lambda letter: letter.when, reverse=True))

    async def _redrive(self, request: web.Request) -> web.Response:
        order = await asked(request, RedriveOrder)
        if order.all == bool(order.ids):
            msg = "say which letters to send: some ids, or all"
            raise UserError(msg)
        async with self._one_look:
            done = await in_thread(self._send_on, order)
        self._counts.drop()
        return answer(done)

    def _send_on(self, order: RedriveOrder) -> Redriven:
        chosen = frozenset(order.ids)

        def wanted(letter: DeadLetter) -> bool:
            return order.all or letter.id in chosen

        return self._account.redrive.run(wanted)

    def _count(self) -> Counts:
        return Counts(queues=dict(self._queue_counts()))

    def _queue_counts(self) -> Iterator[tuple[str, int]]:
        for kind, url in sorted(self._account.outputs.dead_letter_urls.items()):
            with map_errors(f"count the {kind} dead-letter queue"):
                depth = queue_depth(self._account.sqs, url)
            yield kind, depth.total
