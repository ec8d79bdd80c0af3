"""Creators for the pages: a search, one creator's open windows and history. Edge (DynamoDB)."""

from __future__ import annotations

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import answer, in_thread, option
from ops_dashboard.inspect.creators import CreatorEntry, CreatorPage, CreatorView
from ops_dashboard.inspect.window_pages import WindowFilter, WindowPage
from stream_ingest.contracts.naming import is_creator_name

_HISTORY = 60


class CreatorHistory(msgspec.Struct, frozen=True, kw_only=True):
    """A creator's state now, and the windows that were closed, newest first."""

    state: CreatorView
    history: WindowPage


class Creators:
    """Answers who there is, and what of one creator is open and was made."""

    def __init__(self, account: Account) -> None:
        """Read one stack."""
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered where."""
        return [
            web.get("/api/creators", self._search),
            web.get("/api/creator", self._one),
        ]

    async def _search(self, request: web.Request) -> web.Response:
        prefix, after = option(request, "prefix"), option(request, "after")
        page = await in_thread(self._account.creators.page, prefix or "", after=after)
        if prefix and not after:
            page = await in_thread(self._with_exact, prefix, page)
        return answer(page)

    def _with_exact(self, name: str, page: CreatorPage) -> CreatorPage:
        """Return the page with the creator of exactly this name first: an index may lag."""
        exact = self._account.creators.one(name) if is_creator_name(name) else None
        if exact is None:
            return page
        first = CreatorEntry(
            creator=exact.creator,
            key=exact.key,
            open_images=exact.open_images,
            last_batch=exact.last_batch,
        )
        others = [each for each in page.creators if each.key != exact.key]
        return msgspec.structs.replace(page, creators=[first, *others])

    async def _one(self, request: web.Request) -> web.Response:
        name, after = request.query.get("name", ""), option(request, "after")
        known = is_creator_name(name)
        state = await in_thread(self._account.creators.one, name) if known else None
        if state is None:
            raise web.HTTPNotFound(text="no such creator")
        history = await in_thread(
            self._account.pages.page, WindowFilter(creator=name), limit=_HISTORY, after=after
        )
        return answer(CreatorHistory(state=state, history=history))
