"""Process one delivery of the stream: fold, commit and emit. Edge (threads).

Creators are independent and are folded and committed concurrently. A creator that cannot be written
is reported by the sequence number of its first record. The others stay committed; the watermarks in
their states make the redelivery a no-op.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor

import msgspec

from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.events import BatchDrained, WindowReady
from stream_ingest.windowing.delivery import BatchEnd, CreatorArrivals, Delivery, Poison
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.quarantine import Quarantine
from stream_ingest.windowing.repository import MAX_COMMITS, CreatorRepository, Update
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.fold import Arrival, Rules, fold
from stream_ingest.windowing.rules.state import CreatorState, Tally

Failures = dict[int, str]
"""Sequence numbers that must be delivered again, with the reason."""


class DeliveryResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one delivery, or of a part of it."""

    accepted: int = 0
    """Rows added to a window; `duplicates` and `resent` rows were not added."""
    duplicates: int = 0
    blocked: int = 0
    """Rows of erased creators."""
    resent: int = 0
    """Rows that had been folded before."""
    conflicts: int = 0
    windows: tuple[WindowReady, ...] = ()
    """Events of the windows that closed."""
    not_emitted: tuple[str, ...] = ()
    """Ids of windows that the bus refused; the sweeper emits them."""
    quarantined: int = 0
    failures: Failures = {}


class StreamProcessor:
    """Folds deliveries into the table and emits the windows that closed."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        store: CreatorRepository,
        emitter: Emitter,
        registry: BatchRegistry,
        quarantine: Quarantine,
        rules: Rules,
        threads: Executor,
        clock: Callable[[], float],
    ) -> None:
        """Write through the given edges; `clock` gives epoch seconds."""
        self._store, self._emitter, self._registry = store, emitter, registry
        self._quarantine, self._rules = quarantine, rules
        self._threads, self._clock = threads, clock

    def process(self, delivery: Delivery) -> DeliveryResult:
        """Fold a delivery and emit the closed windows; safe to repeat with the same records.

        Transient errors are not raised: the records to deliver again are in
        `DeliveryResult.failures`.
        """
        poison = self._quarantine_poison(delivery.poison)
        states, not_loaded = self._load(delivery)
        work = [(states[key], delivery.creators[key]) for key in states]
        folded = self._threads.map(lambda pair: self._fold_creator(*pair), work)
        result = merge_results([poison, DeliveryResult(failures=not_loaded), *folded])
        return msgspec.structs.replace(
            result,
            not_emitted=self._emit(result.windows),
            failures=result.failures | self._record_ends(delivery.ends, result.failures),
        )

    def _quarantine_poison(self, poison: Sequence[Poison]) -> DeliveryResult:
        failures: Failures = {}
        for each in poison:
            try:
                self._quarantine.store(each)
            except TransientError as error:
                failures[each.sequence] = str(error)
        return DeliveryResult(quarantined=len(poison) - len(failures), failures=failures)

    def _load(self, delivery: Delivery) -> tuple[dict[str, CreatorState], Failures]:
        try:
            return self._store.load(list(delivery.creators)), {}
        except TransientError as error:
            creators = delivery.creators.values()
            return {}, {arrivals.first_sequence: str(error) for arrivals in creators}

    def _fold_creator(self, state: CreatorState, work: CreatorArrivals) -> DeliveryResult:
        """Fold all rows of a creator, in as many commits as the transaction limits require."""
        parts: list[DeliveryResult] = []
        rest = work.arrivals
        try:
            while rest:
                update = self._store.update(state, self._folding(rest), self._clock)
                parts.append(_result_of(update, rest))
                if update.lost:
                    reason = (
                        f"commit {work.creator!r}: lost against other writers {MAX_COMMITS} times"
                    )
                    parts.append(DeliveryResult(failures={work.first_sequence: reason}))
                    break
                state = update.after
                rest = rest[update.change.taken :] if update.change else []
        except TransientError as error:
            parts.append(DeliveryResult(failures={work.first_sequence: str(error)}))
        return merge_results(parts)

    def _folding(self, arrivals: Sequence[Arrival]) -> Callable[[CreatorState, int], Change | None]:
        return lambda state, now_s: fold(state, arrivals, now_s, self._rules) or None

    def _emit(self, windows: Sequence[WindowReady]) -> tuple[str, ...]:
        """Emit windows; return the ids of those left in the outbox for the sweeper."""
        try:
            return tuple(self._emitter.emit_windows(windows))
        except TransientError:
            return tuple(window.window_id for window in windows)

    def _record_ends(self, ends: Sequence[BatchEnd], failures: Failures) -> Failures:
        """Record drained buckets, except those with a failed record before their end."""
        first_failure = min(failures, default=None)
        drained: dict[tuple[str, str], list[BatchEnd]] = defaultdict(list)
        for end in ends:
            if first_failure is None or end.sequence < first_failure:
                drained[end.batch_id, end.trigger].append(end)
        not_recorded: Failures = {}
        for (batch_id, trigger), group in drained.items():
            try:
                if self._registry.record_drained(batch_id, {end.bucket for end in group}):
                    self._emitter.emit(BatchDrained(batch_id=batch_id, trigger=trigger))
            except TransientError as error:
                not_recorded[min(end.sequence for end in group)] = str(error)
        return not_recorded


def merge_results(results: Iterable[DeliveryResult]) -> DeliveryResult:
    """Return the sum of results, in their order. Pure."""
    parts = list(results)
    return DeliveryResult(
        accepted=sum(each.accepted for each in parts),
        duplicates=sum(each.duplicates for each in parts),
        blocked=sum(each.blocked for each in parts),
        resent=sum(each.resent for each in parts),
        conflicts=sum(each.conflicts for each in parts),
        windows=tuple(window for each in parts for window in each.windows),
        not_emitted=tuple(name for each in parts for name in each.not_emitted),
        quarantined=sum(each.quarantined for each in parts),
        failures={at: why for each in parts for at, why in each.failures.items()},
    )


def _result_of(update: Update, arrivals: Sequence[Arrival]) -> DeliveryResult:
    """Return the result of one update, which was given `arrivals`."""
    change = update.change
    if change is None:
        resent = 0 if update.lost else len(arrivals)  # there is no change only if all were resent
        return DeliveryResult(resent=resent, conflicts=update.conflicts)
    gained = _gained(update.before, change)
    return DeliveryResult(
        accepted=gained.accepted,
        duplicates=gained.duplicates,
        blocked=gained.blocked,
        resent=change.resent,
        conflicts=update.conflicts,
        windows=update.windows,
    )


def _gained(before: CreatorState, change: Change) -> Tally:
    """Return the sum that a change added to all tallies."""
    total = sum(change.spilled.values(), change.state.tally)
    return Tally(
        total.accepted - before.tally.accepted,
        total.duplicates - before.tally.duplicates,
        total.windows - before.tally.windows,
        total.blocked - before.tally.blocked,
    )
