"""Items that could not be read are read again at each sweep. Edge (DynamoDB).

After a repair, or once a newer release is back, an item can be read: the rows that waited for it
are folded, the windows of batches that have ended meanwhile are closed, and it is removed from the
list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.events import WindowReady
from stream_ingest.windowing.creator_folding import CreatorFolding
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.sweeper.closer import Closed, Closer, close_batch_of, merge_closed
from stream_ingest.windowing.sweeper.isolation import Isolation
from stream_ingest.windowing.unreadable.item_check import creator_of, problem_of
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableItem, UnreadableList
from stream_ingest.windowing.window_repository import WindowRepository

MAX_ITEMS = 500
"""Items of the list that one sweep reads again; the next sweep reads those after them."""
_SWEEP_S = 60


class Recheck:
    """Reads listed items again."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        unreadable: UnreadableList,
        windows: WindowRepository,
        store: CreatorRepository,
        registry: BatchRegistry,
        closer: Closer,
        folding: CreatorFolding,
        isolation: Isolation,
        threads: Executor,
        clock: Callable[[], float],
    ) -> None:
        """Read several items at once in `threads`; `clock` gives epoch seconds."""
        self._list, self._items, self._store = unreadable, windows, store
        self._registry, self._closer = registry, closer
        self._folding, self._isolation = folding, isolation
        self._threads, self._clock = threads, clock

    def run(self) -> list[WindowReady]:
        """Read items again; return the events of the windows that this has closed."""
        due = of_this_sweep(list(self._list.entries()), int(self._clock()) // _SWEEP_S)

        def check(entry: UnreadableItem) -> Sequence[WindowReady]:
            return self._isolation.run(entry.key, lambda: self._check(entry), ())

        return [window for windows in self._threads.map(check, due) for window in windows]

    def _check(self, entry: UnreadableItem) -> Sequence[WindowReady]:
        item = self._items.get(entry.partition, entry.sort)
        if item is not None and problem_of(item) is not None:
            return ()
        key = creator_of(entry.partition, entry.sort)
        windows = self._fold_deferred(key) if key else ()
        closed = self._close_ended(key) if key else merge_closed(())
        if closed.all_closed:
            self._list.remove(entry)
        return [*windows, *closed.windows]

    def _fold_deferred(self, key: str) -> Sequence[WindowReady]:
        """Fold a creator's deferred rows; raises `UnreadableItemError` if they have to wait."""
        state = self._store.load([key])[key]
        self._store.check_next_window(state)
        return self._folding.fold_deferred(state).windows if state.deferred_at is not None else ()

    def _close_ended(self, key: str) -> Closed:
        """Close the windows that an ended batch would have closed if it could have read them."""
        state = self._store.load([key])[key]
        ending = {each for window in state.open.values() for each in window.ending}
        batches = [batch for each in sorted(ending) if (batch := self._registry.load(each))]
        return merge_closed(
            self._closer.close_one(state, close_batch_of(batch.batch_id, batch.trigger))
            for batch in batches
            if batch.is_flushed
        )


def of_this_sweep(entries: list[UnreadableItem], number: int) -> list[UnreadableItem]:
    """Return the items that sweep `number` reads again: all of them in turn."""
    start = number * MAX_ITEMS % max(len(entries), 1)
    return (entries[start:] + entries[:start])[:MAX_ITEMS]
