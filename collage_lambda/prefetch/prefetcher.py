"""One prefetch request, from its event to the creators' states. Edge.

Read the states, fetch what is at risk there, put one pack, note in each state where its covers are.
Any step may be the last before a crash: delivered again, the event finds its pack and only notes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import msgspec

from collage_lambda.originals.pack import Pack, open_pack, spool
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.prefetch.cover_pack import CoverPacker, PackIndex
from collage_lambda.prefetch.fetching import CoverFetching, FetchSummary
from collage_lambda.prefetch.pack_store import PackStore
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import CoversExpiring
from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.repository import MAX_COMMITS, CreatorRepository
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.prefetch import NOTED_LIFE_S, Fetched, at_risk, note
from stream_ingest.windowing.rules.state import CreatorState

NOTING_S = 20
"""Kept back from an invocation's time for the pack and the states."""
SHORTEST_FETCH_S = 5


class PrefetchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one event came to."""

    at_risk: int
    """Covers that were to be prefetched."""
    prefetched: int
    """Covers that states now refer to."""
    lost: dict[str, int]
    """Covers that cannot be had, by reason."""
    bytes_downloaded: int


class Prefetcher:
    """Prefetches covers, one event at a time."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        store: CreatorRepository,
        shelf: PackStore,
        temp: TempStore,
        fetching: CoverFetching,
        threads: Executor,
        clock: Callable[[], float],
        life_s: int,
    ) -> None:
        """Prefetch covers for `life_s`; note in several states at once, in `threads`."""
        self._store, self._shelf, self._temp = store, shelf, temp
        self._fetching, self._threads = fetching, threads
        self._clock, self._life_s = clock, life_s

    def prefetch(self, event: CoversExpiring, remaining_s: float) -> PrefetchResult:
        """Bring one event to its end; safe to call again with the same event at any time.

        What cannot be had right now is left as it is: it will be asked for again. A request that
        comes again when states have forgotten it changes nothing: its pack may be in use.
        """
        fetch_s = remaining_s - NOTING_S
        if fetch_s < SHORTEST_FETCH_S:
            msg = f"{event.pack}: no time left in this invocation"
            raise TransientError(msg)
        states = self._store.load([creator_key(name) for name in event.creators])
        index, summary = self._find(event.pack), FetchSummary()
        if index is None:
            self._shelf.clear(event.pack)
            index, summary = self._fetch(event.pack, states, fetch_s)
        elif index.fetched_at + NOTED_LIFE_S <= self._clock():
            return PrefetchResult(at_risk=0, prefetched=0, lost={}, bytes_downloaded=0)
        if index and not self._shelf.begin(event.pack, range(len(index.members)), index.until):
            index = None
        found = index.fetched(event.pack) if index else {}
        used = self._note(states, found, summary.lost)
        self._shelf.release_pack(
            each.prefetched
            for of_creator in found.values()
            for each in of_creator
            if each.prefetched and each.prefetched.member not in used
        )
        return PrefetchResult(
            at_risk=summary.wanted,
            prefetched=len(used),
            lost=summary.reasons,
            bytes_downloaded=summary.bytes_downloaded,
        )

    def _find(self, key: str) -> PackIndex | None:
        """Return what an earlier delivery of the event has put, None where there is no pack."""
        with spool() as file:
            if not self._temp.load(key, file):
                return None
            _, index = open_pack(file, PackIndex)
            return index

    def _fetch(
        self, key: str, states: dict[str, CreatorState], fetch_s: float
    ) -> tuple[PackIndex | None, FetchSummary]:
        now_s = int(self._clock())
        covers = [
            cover
            for state in states.values()
            if key not in state.noted  # an earlier pack of this request was theirs
            for cover in at_risk(state, now_s)
        ]
        with CoverPacker(now_s, self._life_s) as packer:
            summary = self._fetching.run(covers, packer, fetch_s)
            if not packer.count:
                return None, summary
            with Pack() as pack:
                index = packer.write(pack)
                if self._shelf.put(key, pack.seal(index)):
                    return index, summary
        return self._find(key), summary  # another delivery of the event was quicker

    def _note(
        self,
        states: dict[str, CreatorState],
        found: dict[str, list[Fetched]],
        lost: dict[str, list[Fetched]],
    ) -> set[int]:
        """Note what came of covers; return the pack's members that states refer to now."""
        work = [
            # What the pack has comes last and counts: another delivery may have had better luck.
            (state, [*lost.get(state.creator, ()), *found.get(state.creator, ())])
            for state in states.values()
        ]
        return set[int]().union(*self._threads.map(lambda pair: self._note_creator(*pair), work))

    def _note_creator(self, state: CreatorState, fetched: list[Fetched]) -> set[int]:
        update = self._store.update(
            state, lambda state, now_s: _change(state, fetched, now_s), self._clock
        )
        if update.lost:
            key = creator_key(state.creator)
            msg = f"note prefetched covers of {key}: lost against other writers {MAX_COMMITS} times"
            raise TransientError(msg)
        _, members = note(update.before, fetched, update.at_s)
        return members


def _change(state: CreatorState, fetched: list[Fetched], now_s: int) -> Change | None:
    """Return the change that notes what was fetched, None if there is nothing new."""
    after, _ = note(state, fetched, now_s)
    return None if after is state else Change(state=after)
