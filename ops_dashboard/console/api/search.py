"""Endpoints of the search box: creators, windows and batches by parts of names. Edge (DynamoDB).

A whole name or id is always found. Parts are searched in the names that `CreatorNames` knows, and
in the ids of the newest batches.
"""

from __future__ import annotations

import re
from itertools import islice

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import CachedValue, in_thread, json_response
from ops_dashboard.inspect.creator_names import NamesFound
from stream_ingest.batches.progress import ENDED_BATCHES, OPEN_BATCHES
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.naming import creator_key, window_id

_FOUND = 8
"""Results of a kind."""
_MAX_TEXT = 140
_MAX_BATCHES = 5_000
_BATCHES_LIFETIME_S = 60.0
_WINDOW = re.compile(r"(?P<creator>.+?)\s*[\s#:]0*(?P<number>[1-9][0-9]{0,11})")
"""How people name a window: its id, ``charli 12`` or ``charli #12``."""


class SearchResults(msgspec.Struct, frozen=True, kw_only=True):
    """What a text may mean: names of creators, ids of windows and batches, the likeliest first."""

    creators: list[str]
    windows: list[str]
    batches: list[str]
    complete: bool
    """Whether there are no other creators with this part of a name."""


class Search:
    """Searches one stack."""

    def __init__(self, account: Account) -> None:
        """Read the table of `account`."""
        self._account = account
        self._batch_ids = CachedValue(lambda: in_thread(self._read_ids), _BATCHES_LIFETIME_S)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the search, and of suggestions of creators."""
        return [
            web.get("/api/search", self._get),
            web.get("/api/search/creators", self._get_creators),
        ]

    async def _get(self, request: web.Request) -> web.Response:
        text = _text(request)
        if not text:
            return json_response(SearchResults(creators=[], windows=[], batches=[], complete=True))
        creators = await in_thread(self._creators, text)
        known = await self._batch_ids.get()
        return json_response(
            SearchResults(
                creators=creators.names,
                windows=await in_thread(self._windows, text),
                batches=await in_thread(self._batches, text, known),
                complete=creators.complete,
            )
        )

    async def _get_creators(self, request: web.Request) -> web.Response:
        text = _text(request)
        if not text:
            return json_response(NamesFound(names=[], complete=True))
        return json_response(await in_thread(self._creators, text))

    def _creators(self, text: str) -> NamesFound:
        found = self._account.creator_names.containing(text, _FOUND)
        exact = self._account.names.find(text)
        if exact is None:
            return found
        others = [name for name in found.names if name != exact]
        return msgspec.structs.replace(found, names=[exact, *others][:_FOUND])

    def _windows(self, text: str) -> list[str]:
        match = _WINDOW.fullmatch(text)
        if match is None:
            return []
        name = self._account.names.find(match["creator"])
        key = creator_key(name) if name else match["creator"]
        wanted = window_id(key, int(match["number"]))
        try:
            found = self._account.windows.find(wanted)
        except DecodeError:  # what stands before the number is no creator
            return []
        return [found.window_id] if found else []

    def _batches(self, text: str, known: list[str]) -> list[str]:
        lower = text.lower()
        found = [each for each in known if lower in each.lower()]
        exact = [text] if text in found or self._account.batches.load(text) else []
        return [*exact, *(each for each in found if each != text)][:_FOUND]

    def _read_ids(self) -> list[str]:
        newest = self._account.batches.newest_in((*OPEN_BATCHES, *ENDED_BATCHES))
        return [batch_id for _, batch_id in islice(newest, _MAX_BATCHES)]


def _text(request: web.Request) -> str:
    return request.query.get("q", "").strip()[:_MAX_TEXT]
