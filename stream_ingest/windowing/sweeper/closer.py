"""Close the windows of creators by a rule, creator by creator. Edge (DynamoDB).

A creator that fails, or whose state cannot be read, costs itself: the others are closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor

import msgspec

from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.contracts.events import WindowReady
from stream_ingest.windowing.repository import MAX_COMMITS, CreatorRepository
from stream_ingest.windowing.rules.closing import Change, close_batch, close_due
from stream_ingest.windowing.rules.state import CreatorState
from stream_ingest.windowing.sweeper.isolation import Isolation

ClosingRule = Callable[[CreatorState], Change]
"""Returns the change that closes what is due, falsy if nothing is. Pure."""


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """What a closing rule did: the windows that it closed, and whether it closed all of them."""

    windows: list[WindowReady]
    lost_races: int
    all_closed: bool


_FAILED = Closed(windows=[], lost_races=0, all_closed=False)
_UNREADABLE = Closed(windows=[], lost_races=0, all_closed=True)
"""Its windows close when its state can be read again (`recheck`)."""


class Closer:
    """Closes windows in the states of creators. Safe to share between threads."""

    def __init__(
        self,
        store: CreatorRepository,
        isolation: Isolation,
        threads: Executor,
        clock: Callable[[], float],
    ) -> None:
        """Close several creators' windows at once in `threads`; `clock` gives epoch seconds."""
        self._store, self._isolation = store, isolation
        self._threads, self._clock = threads, clock

    def close(self, keys: Sequence[str], rule: ClosingRule) -> Closed:
        """Apply a rule to the creators at `keys`, except those whose state cannot be read."""
        return merge_closed(
            self._isolation.run(keys[0], lambda: self._close_loaded(keys, rule), [_FAILED])
        )

    def close_one(self, state: CreatorState, rule: ClosingRule) -> Closed:
        """Apply a rule to one creator; what is left is found by the next sweep.

        Raises `UnreadableItemError`.
        """
        windows: list[WindowReady] = []
        lost_races = 0
        while lost_races < MAX_COMMITS:
            update = self._store.update(
                state,
                lambda state, _: rule(state) or None,
                self._clock,
                max_commits=MAX_COMMITS - lost_races,
            )
            lost_races += update.conflicts
            if update.change is None:
                return Closed(windows=windows, lost_races=lost_races, all_closed=not update.lost)
            windows += update.windows
            state = update.after
        return Closed(windows=windows, lost_races=lost_races, all_closed=False)

    def _close_loaded(self, keys: Sequence[str], rule: ClosingRule) -> list[Closed]:
        loaded = self._store.load_each(keys)
        for error in loaded.unreadable.values():
            self._isolation.found(error)

        def close(state: CreatorState) -> Closed:
            try:
                return self.close_one(state, rule)
            except UnreadableItemError as error:
                self._isolation.found(error)
                return _UNREADABLE

        def isolated(state: CreatorState) -> Closed:
            return self._isolation.run(state.creator, lambda: close(state), _FAILED)

        return list(self._threads.map(isolated, loaded.states.values()))


def merge_closed(parts: Iterable[Closed]) -> Closed:
    """Return the windows and races of all parts; all is closed if it is in each."""
    each = list(parts)
    return Closed(
        windows=[window for part in each for window in part.windows],
        lost_races=sum(part.lost_races for part in each),
        all_closed=all(part.all_closed for part in each),
    )


def close_due_at(now_s: int, *, prefetch: bool) -> ClosingRule:
    """Return the rule that closes the windows that are due at `now_s`."""
    return lambda state: close_due(state, now_s, prefetch=prefetch)


def close_batch_of(batch_id: str, trigger: str) -> ClosingRule:
    """Return the rule that closes the windows that end with a batch."""
    return lambda state: close_batch(state, batch_id, trigger)
