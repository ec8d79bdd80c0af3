"""Covers about to expire are requested before their windows have to be closed. Edge (DynamoDB).

A request is recorded in the creator's state first, then emitted. If a sweep crashes in between,
nothing was requested, and 15 minutes later the covers are due again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor

import msgspec

from stream_ingest.aws.request_groups import group_by_weight
from stream_ingest.contracts.events import CoversExpiring
from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.prefetch import MAX_COVERS, pack_key, request_expiring
from stream_ingest.windowing.rules.state import CreatorState
from stream_ingest.windowing.sweeper.isolation import Isolation


class RequestedCovers(msgspec.Struct, frozen=True, kw_only=True):
    """How many covers of one creator are to be requested."""

    creator: str
    covers: int


class ExpiringCovers:
    """Requests the covers of creators that are due."""

    def __init__(
        self,
        store: CreatorRepository,
        emitter: Emitter,
        threads: Executor,
        clock: Callable[[], float],
        isolation: Isolation,
    ) -> None:
        """Record many creators at once in `threads`; `clock` gives epoch seconds."""
        self._isolation = isolation
        self._store, self._emitter = store, emitter
        self._threads, self._clock = threads, clock

    def request(self, keys: Sequence[str]) -> int:
        """Request the expiring covers of some creators; return how many the bus took.

        Keys are of `naming.creator_key`. A creator that another writer changes at the same moment
        is left to the next sweep, which finds it due again.
        """
        return self._isolation.run(keys[0], lambda: self._request(keys), 0)

    def _request(self, keys: Sequence[str]) -> int:
        now_s = int(self._clock())
        loaded = self._store.load_each(keys)
        for error in loaded.unreadable.values():
            self._isolation.found(error)

        def record(state: CreatorState) -> RequestedCovers:
            none = RequestedCovers(creator=state.creator, covers=0)
            return self._isolation.run(state.creator, lambda: self._record(state, now_s), none)

        recorded = self._threads.map(record, loaded.states.values())
        requested = sorted(
            (each for each in recorded if each.covers), key=lambda each: each.creator
        )
        groups = group_by_weight(
            requested, weigh=lambda each: each.covers, max_count=MAX_COVERS, max_weight=MAX_COVERS
        )
        return sum(self._emit(group, now_s) for group in groups)

    def _record(self, state: CreatorState, now_s: int) -> RequestedCovers:
        """Write that a creator's covers are requested; none are if another writer was first."""
        after, covers = request_expiring(state, now_s)
        change = Change(state=after) if after is not state else None
        update = self._store.update(state, lambda *_: change, lambda: now_s, max_commits=1)
        return RequestedCovers(creator=state.creator, covers=0 if update.lost else covers)

    def _emit(self, group: Sequence[RequestedCovers], now_s: int) -> int:
        creators = tuple(each.creator for each in group)
        covers = sum(each.covers for each in group)
        key = pack_key([creator_key(name) for name in creators], now_s)
        event = CoversExpiring(pack=key, creators=creators, covers=covers)
        return covers if self._emitter.emit(event) else 0
