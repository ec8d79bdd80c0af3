"""The table and the bus in memory, quick enough for hundreds of runs with a fault in each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import msgspec

from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.event_model import Event
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import creator_key, creator_name
from stream_ingest.windowing.delivery import Poison
from stream_ingest.windowing.repository import CreatorRepository, Loaded
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.outbox import compress_event, expand_event
from stream_ingest.windowing.rules.state import CreatorState, Tally

FaultHook = Callable[[str], None]
"""Called with the name of a step before and after it; raises if a test wants it to fail."""


def no_fault(_step: str) -> None:
    """Let everything succeed."""


class MemoryStore(CreatorRepository):
    """Keeps the promises of `CreatorRepository`: whole changes, decided on the newest state, or
    none."""

    def __init__(self, fault_hook: FaultHook = no_fault) -> None:
        self.states: dict[str, CreatorState] = {}
        self.outbox: dict[str, bytes] = {}
        self.ready: set[str] = set()
        self.spilled: dict[tuple[str, str], Tally] = defaultdict(Tally)
        self._fault_hook = fault_hook

    def load_each(self, keys: Sequence[str]) -> Loaded:
        """Return the states of creators by key; new ones for the unknown."""
        self._fault_hook("before load")
        states = {
            key: self.states.get(key, CreatorState(creator=creator_name(key))) for key in keys
        }
        return Loaded(states=states, unreadable={})

    def commit(self, before: CreatorState, change: Change, now_s: int) -> None:
        """Write a change; `ConflictError` if another writer was first."""
        self._fault_hook("before commit")
        key = creator_key(before.creator)
        current = self.states.get(key)
        if (current.version if current else 0) != before.version:
            msg = f"commit {key}"
            raise ConflictError(msg)
        events = list(self.events(change.state, change.windows, now_s))
        if any(event.window_id in self.outbox for event in events):
            msg = f"commit {key}"
            raise ConflictError(msg)
        self.states[key] = msgspec.structs.replace(change.state, version=before.version + 1)
        for event in events:
            self.outbox[event.window_id] = compress_event(event)
            self.ready.add(event.window_id)
        for batch, tally in change.spilled.items():
            self.spilled[batch, key] += tally
        self._fault_hook("after commit")

    def totals(self, batch_id: str) -> Tally:
        """Return what a batch's tallies add up to, as `batches.BatchRegistry.seen` does."""
        spilled = [tally for (batch, _), tally in self.spilled.items() if batch == batch_id]
        states = [state.tally for state in self.states.values() if state.batch_id == batch_id]
        return sum([*spilled, *states], Tally())


class MemoryEmitter:
    """Keeps the promises of `Emitter`: at least once, and marked only when taken."""

    def __init__(self, store: MemoryStore, fault_hook: FaultHook = no_fault) -> None:
        self.heard: list[Event] = []
        self._store, self._fault_hook = store, fault_hook

    def emit_windows(self, windows: Sequence[WindowReady]) -> list[str]:
        """Emit windows and mark them queued."""
        for event in windows:
            self._fault_hook("before put")
            self.heard.append(event)
            self._fault_hook("after put")
            self._store.ready.discard(event.window_id)
        return []

    def emit(self, event: Event) -> bool:
        """Emit one event."""
        self._fault_hook("before put")
        self.heard.append(event)
        return True

    def sweep(self) -> None:
        """Emit again what is still ready, as the sweeper does."""
        self.emit_windows(
            [expand_event(self._store.outbox[each]) for each in sorted(self._store.ready)]
        )


class MemoryRegistry:
    """Fulfils the contract of `BatchRegistry.record_drained`."""

    def __init__(self, buckets: int, fault_hook: FaultHook = no_fault) -> None:
        self.drained: dict[str, set[int]] = defaultdict(set)
        self._buckets, self._fault_hook = buckets, fault_hook

    def record_drained(self, batch_id: str, buckets: set[int]) -> bool:
        """Record buckets; return whether all are drained."""
        self._fault_hook("before note")
        self.drained[batch_id] |= buckets
        self._fault_hook("after note")
        return len(self.drained[batch_id]) >= self._buckets


class MemoryQuarantine:
    """Stores poison by its sequence number."""

    def __init__(self, fault_hook: FaultHook = no_fault) -> None:
        self.stored: dict[int, str] = {}
        self._fault_hook = fault_hook

    def store(self, poison: Poison) -> str:
        """Store a record that cannot be read."""
        self._fault_hook("before keep")
        self.stored[poison.sequence] = poison.reason
        return str(poison.sequence)
