"""Process one delivery of the stream: fold, commit and emit. Edge (threads).

Creators are independent and are folded and committed concurrently. A creator that cannot be written
is reported by the sequence number of its first record. The others stay committed; the watermarks in
their states make the redelivery a no-op. Rows of a creator whose state cannot be read wait in the
table (`creator_folding`), and records on which the code fails are quarantined (`poison/`), and the
shard goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import Executor
from itertools import islice

import msgspec

from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import TransientError, UnreadableItemError
from stream_ingest.contracts.events import BatchDrained, WindowReady
from stream_ingest.windowing.creator_folding import CreatorFolding
from stream_ingest.windowing.delivery import BatchEnd, Delivery, Poison
from stream_ingest.windowing.delivery_result import DeliveryResult, Failures, merge_results
from stream_ingest.windowing.emitter import Emitter
from stream_ingest.windowing.poison.attempts import Attempts
from stream_ingest.windowing.poison.isolation import IsolatedFolding
from stream_ingest.windowing.poison.quarantine import Quarantine
from stream_ingest.windowing.repository import CreatorRepository, Loaded
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList

GROUP_CREATORS = 1_000
"""Creators that are loaded, folded and emitted together. It limits the memory of a delivery with
many creators, and how long a closed window waits for its event."""


class StreamProcessor:
    """Folds deliveries into the table and emits the windows that closed."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        store: CreatorRepository,
        folding: CreatorFolding,
        isolated: IsolatedFolding,
        attempts: Attempts,
        unreadable: UnreadableList,
        emitter: Emitter,
        registry: BatchRegistry,
        quarantine: Quarantine,
        threads: Executor,
    ) -> None:
        """Write through the given edges."""
        self._store, self._emitter, self._registry = store, emitter, registry
        self._folding, self._unreadable = folding, unreadable
        self._isolated, self._attempts = isolated, attempts
        self._quarantine, self._threads = quarantine, threads

    def process(self, delivery: Delivery) -> DeliveryResult:
        """Fold a delivery and emit the closed windows; safe to repeat with the same records.

        Transient errors are not raised: the records to deliver again are in
        `DeliveryResult.failures`.
        """
        with self._attempts.counted(delivery) as counted:
            return self._process(counted)

    def _process(self, delivery: Delivery) -> DeliveryResult:
        parts = [self._quarantine_poison(delivery.poison)]
        keys = iter(delivery.creators)
        while group := list(islice(keys, GROUP_CREATORS)):
            parts.append(self._process_creators(delivery, group))
        result = merge_results(parts)
        failed = [delivery.poison_of(at, why) for at, why in result.poison.items()]
        result = merge_results([result, self._quarantine_poison(failed)])
        return merge_results([result, self._record_ends(delivery.ends, result.failures)])

    def _process_creators(self, delivery: Delivery, keys: Sequence[str]) -> DeliveryResult:
        """Fold the rows of some creators and emit their windows."""
        loaded, not_loaded = self._load(delivery, keys)
        work = [(state, delivery.creators[key]) for key, state in loaded.states.items()]
        late = [(error, delivery.creators[key]) for key, error in loaded.unreadable.items()]
        folded = self._threads.map(lambda pair: self._isolated.fold(*pair), work)
        deferred = self._threads.map(lambda pair: self._folding.defer(*pair), late)
        result = merge_results([DeliveryResult(failures=not_loaded), *folded, *deferred])
        return msgspec.structs.replace(result, not_emitted=self._emit(result.windows))

    def _quarantine_poison(self, poison: Sequence[Poison]) -> DeliveryResult:
        failures: Failures = {}
        for each in poison:
            try:
                self._quarantine.store(each)
            except TransientError as error:
                failures[each.sequence] = str(error)
        return DeliveryResult(quarantined=len(poison) - len(failures), failures=failures)

    def _load(self, delivery: Delivery, keys: Sequence[str]) -> tuple[Loaded, Failures]:
        try:
            return self._store.load_each(keys), {}
        except TransientError as error:
            failures = {delivery.creators[key].first_sequence: str(error) for key in keys}
            return Loaded(states={}, unreadable={}), failures

    def _emit(self, windows: Sequence[WindowReady]) -> tuple[str, ...]:
        """Emit windows; return the ids of those left in the outbox for the sweeper."""
        try:
            return tuple(self._emitter.emit_windows(windows))
        except TransientError:
            return tuple(window.window_id for window in windows)

    def _record_ends(self, ends: Sequence[BatchEnd], failures: Failures) -> DeliveryResult:
        """Record drained buckets, except those with a failed record before their end."""
        first_failure = min(failures, default=None)
        drained: dict[tuple[str, str], list[BatchEnd]] = defaultdict(list)
        for end in ends:
            if first_failure is None or end.sequence < first_failure:
                drained[end.batch_id, end.trigger].append(end)
        return merge_results(
            self._record_end(batch_id, trigger, group)
            for (batch_id, trigger), group in drained.items()
        )

    def _record_end(self, batch_id: str, trigger: str, ends: Sequence[BatchEnd]) -> DeliveryResult:
        """Record the drained buckets of one batch; a batch that cannot be read costs itself."""
        try:
            try:
                if self._registry.record_drained(batch_id, {end.bucket for end in ends}):
                    self._emitter.emit(BatchDrained(batch_id=batch_id, trigger=trigger))
            except UnreadableItemError as error:
                self._unreadable.add(error)
                key = table.item_key(error.partition, error.sort)
                return DeliveryResult(unreadable={key: error.reason})
        except TransientError as error:
            return DeliveryResult(failures={min(end.sequence for end in ends): str(error)})
        return DeliveryResult()
