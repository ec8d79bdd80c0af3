"""One delivery of the stream, from records to events: gather, fold, commit, emit. Edge.

Creators are independent: each is loaded, folded and committed on its own, many at once. One that
cannot be written is reported by the sequence number of its first record; all others stay done, and
the marks in their states make the redelivery change nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Executor

import msgspec

from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import ConflictError, TransientError
from stream_ingest.contracts.events import BatchDrained, WindowReady
from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.delivery import BatchEnd, CreatorArrivals, Delivery, Poison
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.quarantine import Quarantine
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.outbox import window_ready
from stream_ingest.windowing.rules.state import CreatorState, Tally

_COMMIT_ROUNDS = 5


class Outcome(msgspec.Struct, kw_only=True):
    """What one delivery came to."""

    accepted: int = 0
    duplicates: int = 0
    resent: int = 0
    conflicts: int = 0
    windows: list[WindowReady] = []
    not_emitted: list[str] = []
    quarantined: int = 0
    failures: dict[int, str] = {}
    """Sequence numbers that must be delivered again, and why."""


class Windowing:
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
        """Work on the given edges; `clock` gives epoch seconds."""
        self._store, self._emitter, self._registry = store, emitter, registry
        self._quarantine, self._rules = quarantine, rules
        self._threads, self._clock = threads, clock

    def process(self, delivery: Delivery) -> Outcome:
        """Fold a delivery; what could not be done is in `Outcome.failures` and raises nothing."""
        outcome = Outcome()
        self._keep_poison(delivery.poison, outcome)
        states = self._load(delivery, outcome)
        work = [(states[key], delivery.creators[key]) for key in states]
        for each in self._threads.map(lambda pair: self._fold_creator(*pair), work):
            _merge(outcome, each)
        self._emit(outcome)
        self._note_ends(delivery.ends, outcome)
        return outcome

    def _keep_poison(self, poison: list[Poison], outcome: Outcome) -> None:
        for each in poison:
            try:
                self._quarantine.keep(each)
            except TransientError as error:
                outcome.failures[each.sequence] = str(error)
            else:
                outcome.quarantined += 1

    def _load(self, delivery: Delivery, outcome: Outcome) -> dict[str, CreatorState]:
        try:
            return self._store.load(list(delivery.creators))
        except TransientError as error:
            for arrivals in delivery.creators.values():
                outcome.failures[arrivals.first_sequence] = str(error)
            return {}

    def _fold_creator(self, state: CreatorState, work: CreatorArrivals) -> Outcome:
        outcome = Outcome()
        done = 0
        try:
            while done < len(work.arrivals):
                state, taken = self._fold_once(state, work, done, outcome)
                done += taken
        except TransientError as error:
            outcome.failures[work.first_sequence] = str(error)
        return outcome

    def _fold_once(
        self, state: CreatorState, work: CreatorArrivals, done: int, outcome: Outcome
    ) -> tuple[CreatorState, int]:
        """Fold and commit from arrival `done` on; return the new state and how many were taken."""
        for _ in range(_COMMIT_ROUNDS):
            now_s = int(self._clock())
            change = fold(state, work.arrivals[done:], now_s, self._rules)
            if not change:
                outcome.resent += change.resent
                return state, change.taken
            try:
                self._store.commit(state, change, now_s)
            except ConflictError:
                outcome.conflicts += 1
                state = self._reload(work)
                continue
            outcome.resent += change.resent
            outcome.windows += [window_ready(state.creator, w, now_s) for w in change.windows]
            gained = _gained(state, change.state, change.spilled)
            outcome.accepted += gained.accepted
            outcome.duplicates += gained.duplicates
            return msgspec.structs.replace(change.state, version=state.version + 1), change.taken
        msg = f"commit {work.creator!r}: lost against other writers {_COMMIT_ROUNDS} times"
        raise TransientError(msg)

    def _reload(self, work: CreatorArrivals) -> CreatorState:
        key = creator_key(work.creator)
        return self._store.load([key])[key]

    def _emit(self, outcome: Outcome) -> None:
        """Emit what was closed; what the bus does not take stays in the outbox for the sweeper."""
        try:
            outcome.not_emitted = self._emitter.emit_windows(outcome.windows)
        except TransientError:
            outcome.not_emitted = [window.window_id for window in outcome.windows]

    def _note_ends(self, ends: list[BatchEnd], outcome: Outcome) -> None:
        """Note drained buckets, but only those with no failed record before their end."""
        first_failure = min(outcome.failures, default=None)
        drained: dict[tuple[str, str], list[BatchEnd]] = defaultdict(list)
        for end in ends:
            if first_failure is None or end.sequence < first_failure:
                drained[end.batch_id, end.trigger].append(end)
        for (batch_id, trigger), group in drained.items():
            try:
                if self._registry.note_drained(batch_id, {end.bucket for end in group}):
                    self._emitter.emit(BatchDrained(batch_id=batch_id, trigger=trigger))
            except TransientError as error:
                outcome.failures[min(end.sequence for end in group)] = str(error)


def _gained(before: CreatorState, after: CreatorState, spilled: dict[str, Tally]) -> Tally:
    """Return what a change added to all tallies together."""
    total = sum(spilled.values(), after.tally)
    return Tally(
        total.accepted - before.tally.accepted,
        total.duplicates - before.tally.duplicates,
        total.windows - before.tally.windows,
    )


def _merge(outcome: Outcome, other: Outcome) -> None:
    outcome.accepted += other.accepted
    outcome.duplicates += other.duplicates
    outcome.resent += other.resent
    outcome.conflicts += other.conflicts
    outcome.windows += other.windows
    outcome.failures |= other.failures
