"""One prefetch request, from its event to the creators' states. Edge.

Read the states, fetch the covers that are at risk, put one pack, record in each state where its
covers are. Each step may be the last before a crash: when the event is delivered again, it finds
its pack and only records it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor

import msgspec

from collage_lambda.originals.image_pack import PackWriter, open_pack, spool
from collage_lambda.originals.scrub import PackScrubber
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.prefetch.cover_fetcher import CoverFetcher, FetchSummary
from collage_lambda.prefetch.cover_pack import CoverPacker, PackIndex
from collage_lambda.prefetch.pack_store import PackStore
from stream_ingest.contracts.errors import TransientError, UnreadableItemError
from stream_ingest.contracts.events import CoversExpiring
from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.repository import MAX_COMMITS, CreatorRepository
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.prefetch import (
    RECORDED_LIFE_S,
    Fetched,
    expiring_covers,
    record_fetched,
)
from stream_ingest.windowing.rules.state import CreatorState

COMMIT_S = 20
"""Seconds of an invocation that are reserved for storing the pack and updating the states."""
MIN_FETCH_S = 5


class PrefetchResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one event."""

    at_risk: int
    """Number of covers that had to be fetched."""
    prefetched: int
    """Number of covers in the pack that states now refer to."""
    lost: dict[str, int]
    """Number of lost covers by reason."""
    bytes_downloaded: int


class Prefetcher:
    """Prefetches covers, one event at a time."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        creators: CreatorRepository,
        pack_store: PackStore,
        temp: TempStore,
        cover_fetcher: CoverFetcher,
        scrubber: PackScrubber[PackIndex],
        threads: Executor,
        clock: Callable[[], float],
        life_s: int,
    ) -> None:
        """Store covers for `life_s`; update several states at once, in `threads`."""
        self._creators, self._pack_store, self._temp = creators, pack_store, temp
        self._cover_fetcher, self._threads = cover_fetcher, threads
        self._scrubber = scrubber
        self._clock, self._life_s = clock, life_s

    def prefetch(self, event: CoversExpiring, remaining_s: float) -> PrefetchResult:
        """Prefetch the covers of one event; safe to repeat with the same event at any time.

        Covers that fail for a passing reason stay at risk, and the sweeper requests them again. A
        request that is repeated after the states have forgotten it changes nothing, because its
        pack may be in use. Raises `TransientError` if the invocation has too little time left.
        """
        fetch_s = remaining_s - COMMIT_S
        if fetch_s < MIN_FETCH_S:
            msg = f"{event.pack}: no time left in this invocation"
            raise TransientError(msg)
        keys = [creator_key(name) for name in event.creators]
        # A state that cannot be read costs the others nothing: the sweeper lists it.
        states = self._creators.load_each(keys).states
        index, summary = self._find(event.pack), FetchSummary()
        if index is None:
            self._pack_store.remove_leftover(event.pack)
            index, summary = self._fetch(event.pack, states, fetch_s)
        elif index.fetched_at + RECORDED_LIFE_S <= self._clock():
            return PrefetchResult(at_risk=0, prefetched=0, lost={}, bytes_downloaded=0)
        used = self._record_and_release(event.pack, states, index, summary)
        return PrefetchResult(
            at_risk=summary.wanted,
            prefetched=len(used),
            lost=summary.reasons,
            bytes_downloaded=summary.bytes_downloaded,
        )

    def _record_and_release(
        self,
        pack: str,
        states: dict[str, CreatorState],
        index: PackIndex | None,
        summary: FetchSummary,
    ) -> set[int]:
        """Record covers in the states; release and leave out those that no state refers to."""
        if index and not self._pack_store.register(pack, range(len(index.members)), index.until):
            index = None
        found = index.fetched(pack) if index else {}
        used, erased = self._record(states, found, summary.lost)
        self._pack_store.release_pack(
            each.prefetched
            for of_creator in found.values()
            for each in of_creator
            if each.prefetched and each.prefetched.member not in used
        )
        if index and erased:
            self._scrubber.scrub(pack, lambda member: member.creator in erased)
        return used

    def _find(self, key: str) -> PackIndex | None:
        """Return the index of the pack that an earlier delivery of the event put, if any."""
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
            if key not in state.recorded  # else it has had an earlier pack of this request
            for cover in expiring_covers(state, now_s)
        ]
        with CoverPacker(now_s, self._life_s) as packer:
            summary = self._cover_fetcher.fetch(covers, packer, fetch_s)
            if not packer.count:
                return None, summary
            with PackWriter() as pack:
                index = packer.write(pack)
                if self._pack_store.put(key, pack.seal(index)):
                    return index, summary
        return self._find(key), summary  # another delivery of the event put its pack first

    def _record(
        self,
        states: dict[str, CreatorState],
        found: dict[str, list[Fetched]],
        lost: dict[str, list[Fetched]],
    ) -> tuple[set[int], set[str]]:
        """Record the covers in the states.

        Returns the pack's members that states now refer to, and the creators that were erased while
        their covers were fetched.
        """
        work = [
            # The pack's covers come last and win: another delivery may have fetched a lost one.
            (state, [*lost.get(state.creator, ()), *found.get(state.creator, ())])
            for state in states.values()
        ]
        recorded = list(self._threads.map(lambda pair: self._record_creator(*pair), work))
        used = set[int]().union(*(members for members, _ in recorded))
        erased = {
            state.creator
            for (state, _), (members, is_erased) in zip(work, recorded, strict=True)
            if is_erased and not members
        }
        return used, erased

    def _record_creator(self, state: CreatorState, fetched: list[Fetched]) -> tuple[set[int], bool]:
        """Return the members that the state accepted, and whether its creator was ever erased."""
        try:
            update = self._creators.update(
                state, lambda state, now_s: _change(state, fetched, now_s), self._clock
            )
        except UnreadableItemError:
            return set(), False  # it has become unreadable since; the sweeper lists it
        if update.lost:
            key = creator_key(state.creator)
            msg = f"record prefetched covers of {key}: {MAX_COMMITS} write conflicts in a row"
            raise TransientError(msg)
        _, members = record_fetched(update.before, fetched, update.at_s)
        return members, update.after.erased_at is not None


def _change(state: CreatorState, fetched: list[Fetched], now_s: int) -> Change | None:
    """Return the change that records what was fetched, or None if there is nothing new."""
    after, _ = record_fetched(state, fetched, now_s)
    return None if after is state else Change(state=after)
