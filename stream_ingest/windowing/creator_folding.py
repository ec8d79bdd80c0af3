"""Fold the rows of one creator, or defer them while its state cannot be read. Edge (DynamoDB).

Deferred rows are folded before any later row, in the order of the stream, so that watermarks
recognise them exactly as if they had not waited. While a state has `deferred_at`, some may be
left: it is removed by a write that fails if another row was deferred since they were read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from stream_ingest.contracts import table
from stream_ingest.contracts.errors import TransientError, UnreadableItemError
from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.delivery import CreatorArrivals
from stream_ingest.windowing.delivery_result import DeliveryResult, merge_results, result_of
from stream_ingest.windowing.repository import MAX_COMMITS, CreatorRepository
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.fold import Arrival, Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from stream_ingest.windowing.unreadable.deferred_rows import DeferredRows


class CreatorFolding:
    """Folds the rows of creators, one creator at a time. Safe to share between threads."""

    def __init__(
        self,
        store: CreatorRepository,
        deferred: DeferredRows,
        rules: Rules,
        clock: Callable[[], float],
    ) -> None:
        """`clock` gives epoch seconds."""
        self._store, self._deferred, self._rules, self._clock = store, deferred, rules, clock

    def fold(self, state: CreatorState, work: CreatorArrivals) -> DeliveryResult:
        """Fold all rows of a creator, those that were deferred first.

        Rows are deferred from where the state turns out to be unreadable, or impossible to write.
        """
        parts: list[DeliveryResult] = []
        folded = [0]
        try:
            if state.deferred_at is not None:
                state = self._fold_deferred(state, parts)
            self._fold_all(state, work.arrivals, parts, folded)
        except UnreadableItemError as error:
            parts.append(self.defer(error, work, taken=folded[0]))
        except TransientError as error:
            parts.append(DeliveryResult(failures={work.first_sequence: str(error)}))
        return merge_results(parts)

    def fold_deferred(self, state: CreatorState) -> DeliveryResult:
        """Fold the rows of a creator that were deferred; safe to repeat and to interrupt.

        Raises `UnreadableItemError` if they still have to wait, and `TransientError`.
        """
        parts: list[DeliveryResult] = []
        self._fold_deferred(state, parts)
        return merge_results(parts)

    def defer(
        self, error: UnreadableItemError, work: CreatorArrivals, taken: int = 0
    ) -> DeliveryResult:
        """Defer the rows of a creator after the first `taken`, and list what cannot be read."""
        try:
            rows = self._deferred.store(creator_key(work.creator), work.by_record(taken), error)
        except TransientError as failure:
            return DeliveryResult(failures={work.first_sequence: str(failure)})
        key = table.item_key(error.partition, error.sort)
        return DeliveryResult(deferred=rows, unreadable={key: error.reason})

    def _fold_deferred(self, state: CreatorState, parts: list[DeliveryResult]) -> CreatorState:
        key = creator_key(state.creator)
        for _ in range(MAX_COMMITS):
            for rows in self._deferred.rows(key):
                state = self._fold_all(state, rows.arrivals, parts)
                self._deferred.remove(key, rows)
            update = self._store.update(state, _without_deferred, self._clock, max_commits=1)
            if not update.lost:
                return update.after
            state = self._store.load([key])[key]  # it may have got further deferred rows
        msg = f"fold deferred rows of {key}: lost against other writers {MAX_COMMITS} times"
        raise TransientError(msg)

    def _fold_all(
        self,
        state: CreatorState,
        arrivals: Sequence[Arrival],
        parts: list[DeliveryResult],
        folded: list[int] | None = None,
    ) -> CreatorState:
        """Fold rows in as many commits as the transaction limits require; return the new state.

        Appends the result of each commit to `parts`, and sets the number of rows in `folded`.
        """
        rest = arrivals
        while rest:
            update = self._store.update(state, self._folding(rest), self._clock)
            parts.append(result_of(update, rest))
            if update.lost:
                msg = f"commit {state.creator!r}: lost against other writers {MAX_COMMITS} times"
                raise TransientError(msg)
            state = update.after
            rest = rest[update.change.taken :] if update.change else []
            if folded is not None:
                folded[0] = len(arrivals) - len(rest)
        return state

    def _folding(self, arrivals: Sequence[Arrival]) -> Callable[[CreatorState, int], Change | None]:
        return lambda state, now_s: fold(state, arrivals, now_s, self._rules) or None


def _without_deferred(state: CreatorState, _now_s: int) -> Change | None:
    """Return the change that says that no row is deferred any more."""
    if state.deferred_at is None:
        return None
    return Change(state=msgspec.structs.replace(state, deferred_at=None))
