"""Endpoints of creators: search, and one creator's open windows and history. Edge (DynamoDB)."""

from __future__ import annotations

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import in_thread, json_response, query_value
from ops_dashboard.inspect.creators import CreatorEntry, CreatorPage, CreatorView
from ops_dashboard.inspect.window_filter import WindowFilter
from ops_dashboard.inspect.window_pages import WindowPage

_MAX_HISTORY = 60


class CreatorHistory(msgspec.Struct, frozen=True, kw_only=True):
    """A creator's current state, and its closed windows, newest first."""

    state: CreatorView
    history: WindowPage


class Creators:
    """Serves the creators of one stack."""

    def __init__(self, account: Account) -> None:
        """Read from the table of `account`."""
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the search and of one creator."""
        return [
            web.get("/api/creators", self._get_list),
            web.get("/api/creator", self._get_one),
        ]

    async def _get_list(self, request: web.Request) -> web.Response:
        prefix, after = query_value(request, "prefix"), query_value(request, "after")
        part = prefix or ""
        page = await in_thread(self._account.creators.list_page, part, after=after, anywhere=True)
        if prefix and not after:
            page = await in_thread(self._with_exact_match, prefix, page)
        return json_response(page)

    def _with_exact_match(self, name: str, page: CreatorPage) -> CreatorPage:
        """Put the creator of exactly this name first; the index may not have it yet."""
        exact = self._account.creators.find(name)
        if exact is None:
            return page
        first = CreatorEntry(
            creator=exact.creator,
            display_name=exact.display_name,
            key=exact.key,
            open_images=exact.open_images,
            last_batch=exact.last_batch,
        )
        others = [each for each in page.creators if each.key != exact.key]
        return msgspec.structs.replace(page, creators=[first, *others])

    async def _get_one(self, request: web.Request) -> web.Response:
        name, after = request.query.get("name", ""), query_value(request, "after")
        state = await in_thread(self._account.creators.find, name)
        if state is None:
            raise web.HTTPNotFound(text="no such creator")
        history = await in_thread(
            self._account.pages.list_page,
            WindowFilter(creator=state.creator),
            limit=_MAX_HISTORY,
            after=after,
        )
        return json_response(CreatorHistory(state=state, history=history))
