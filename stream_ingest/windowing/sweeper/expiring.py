"""Covers about to expire are asked for, before their windows have to be closed. Edge (DynamoDB).

What is asked for is noted in the creator's state first, and then told on the bus: a sweep that dies
in between has asked nobody, and 15 minutes later the covers are due again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor

import msgspec

from stream_ingest.aws.request_groups import group_by_weight
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.events import CoversExpiring
from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.prefetch import MAX_COVERS, ask, pack_key
from stream_ingest.windowing.rules.state import CreatorState


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A creator of whom covers were asked for, and how many."""

    creator: str
    covers: int


class ExpiringCovers:
    """Asks for the covers of creators that are due."""

    def __init__(
        self,
        store: CreatorRepository,
        emitter: Emitter,
        threads: Executor,
        clock: Callable[[], float],
    ) -> None:
        """Note in `store`, many creators at once in `threads`; `clock` gives epoch seconds."""
        self._store, self._emitter = store, emitter
        self._threads, self._clock = threads, clock

    def ask(self, keys: Sequence[str]) -> int:
        """Ask for what is at risk of some creators; return how many covers the bus was told of.

        Keys are of `naming.creator_key`. A creator whom another writer changes at this moment is
        left to the next sweep, which finds it due again.
        """
        now_s = int(self._clock())
        states = self._store.load(keys)
        noted = self._threads.map(lambda state: self._note(state, now_s), states.values())
        asked = sorted((each for each in noted if each.covers), key=lambda each: each.creator)
        groups = group_by_weight(
            asked, weigh=lambda each: each.covers, max_count=MAX_COVERS, max_weight=MAX_COVERS
        )
        return sum(self._tell(group, now_s) for group in groups)

    def _note(self, state: CreatorState, now_s: int) -> Asked:
        after, covers = ask(state, now_s)
        if after is not state:
            try:
                self._store.commit(state, Change(state=after), now_s)
            except ConflictError:
                covers = 0
        return Asked(creator=state.creator, covers=covers)

    def _tell(self, group: Sequence[Asked], now_s: int) -> int:
        creators = tuple(each.creator for each in group)
        covers = sum(each.covers for each in group)
        key = pack_key([creator_key(name) for name in creators], now_s)
        event = CoversExpiring(pack=key, creators=creators, covers=covers)
        return covers if self._emitter.emit(event) else 0
