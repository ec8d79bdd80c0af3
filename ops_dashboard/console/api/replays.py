"""Endpoints of replays and retries: count, start, list, cancel, continue. Edge (aiohttp).

Runs are items of the table, so every console lists those of all consoles and of the command line.
A run needs the console that started it only until its last window is sent.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime

from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError
from msgspec.structs import replace

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import CachedValue, in_thread, json_response, read_json
from ops_dashboard.console.api.run_views import RunRequest, RunView, order_of, run_view
from ops_dashboard.inspect.named import check_name
from ops_dashboard.recovery.runs.choosing import Order, about, count_windows
from ops_dashboard.recovery.runs.run import PAGE, Kind, Run, is_counted
from ops_dashboard.recovery.runs.runner import RunStoppedError
from stream_ingest.contracts.errors import CoverstreamError, UserError

_RUNS_LIFETIME_S = 2.0
_LISTED, _SHOWN = 60, 20
_CHECKED = 2
"""Runs whose windows are counted for one list: two to three requests each."""
_ANSWER_WITHIN_S = 3.0
"""After this, a run that is still being sent is answered, and its progress shown."""
_PAGE_NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)
_LOG = logging.getLogger(__name__)


class Replays:
    """Serves, starts and stops the runs of one stack."""

    def __init__(
        self, account: Account, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Build windows of the stack of `account` again."""
        self._account, self._runs, self._now = account, account.runs, now
        self._list = CachedValue(lambda: in_thread(self._read), _RUNS_LIFETIME_S)
        self._tasks: set[asyncio.Task[Run]] = set()
        self._stops = False

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under ``/api/replays``."""
        return [
            web.get("/api/replays", self._get_list),
            web.post("/api/replays", self._post),
            web.post("/api/replays/count", self._post_count),
            web.get("/api/replays/{name}/windows", self._get_windows),
            web.post("/api/replays/{name}/cancel", self._post_cancel),
            web.post("/api/replays/{name}/resume", self._post_resume),
        ]

    async def finish(self) -> None:
        """Stop sending; a run that is not sent yet is interrupted, and can be continued."""
        self._stops = True
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _get_list(self, _request: web.Request) -> web.Response:
        return json_response(await self._list.get())

    async def _post_count(self, request: web.Request) -> web.Response:
        """Return how many windows a run would build; nothing is changed."""
        order = await self._order(request)
        windows, more = await in_thread(count_windows, self._account.windows, order)
        return json_response({"windows": windows, "more": more, "about": about(order)})

    async def _post(self, request: web.Request) -> web.Response:
        order = await self._order(request)
        run, windows = await in_thread(self._runs.runner.start, order)
        return await self._answer(run, lambda: self._runs.runner.work(run, windows, self._check))

    async def _post_resume(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        run = await in_thread(self._runs.store.load, name)
        return await self._answer(run, lambda: self._runs.runner.resume(name, self._check))

    async def _post_cancel(self, request: web.Request) -> web.Response:
        run = await in_thread(self._runs.runner.cancel, request.match_info["name"])
        self._list.invalidate()
        return json_response(run_view(run, self._now()))

    async def _get_windows(self, request: web.Request) -> web.Response:
        """Return a page of a run's windows, before the run and now."""
        text = request.query.get("page", "0")
        if not _PAGE_NUMBER.fullmatch(text):
            msg = f"page {text[:20]!r} is not a number"
            raise UserError(msg)
        name, page = request.match_info["name"], int(text)
        run, windows = await in_thread(self._runs.counter.changes, name, page)
        return json_response({"windows": windows, "page": page, "pages": run.pages, "size": PAGE})

    async def _order(self, request: web.Request) -> Order:
        wanted = await read_json(request, RunRequest)
        order = order_of(wanted, self._now())
        return replace(order, creators=await in_thread(self._names, order.creators))

    def _names(self, creators: tuple[str, ...]) -> tuple[str, ...]:
        for creator in creators:
            check_name(creator)
        return tuple(self._account.names.name_of(creator) for creator in creators)

    async def _answer(self, run: Run, work: Callable[[], Run]) -> web.Response:
        """Work on a run in the background; answer when it is sent, or after some seconds."""
        task = asyncio.create_task(in_thread(work))
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        done, _ = await asyncio.wait({task}, timeout=_ANSWER_WITHIN_S)
        self._list.invalidate()
        return json_response(run_view(task.result() if done else run, self._now()), status=202)

    def _forget(self, task: asyncio.Task[Run]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, (CoverstreamError, ClientError, BotoCoreError)):
            _LOG.warning("a run stopped: %s", error)  # its item shows it as interrupted

    def _check(self, run: Run) -> None:
        """Stop before the next page if the console stops."""
        if self._stops:
            msg = f"{run.name} is interrupted: the console stops"
            raise RunStoppedError(msg)

    def _read(self) -> list[RunView]:
        newest = self._runs.store.newest(_LISTED)
        shown = [run for run in newest if run.kind is not Kind.UPLOAD][:_SHOWN]
        now = self._now()
        open_runs = [run.name for run in shown if is_counted(run, now)][:_CHECKED]
        counted = [self._runs.counter.check(r) if r.name in open_runs else r for r in shown]
        return [run_view(run, now) for run in counted]
