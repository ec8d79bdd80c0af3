"""The table in memory: states as they are stored, windows counted, limits checked, capacity billed.

Replaces `CreatorRepository` (`load`, `commit`), with the same bodies, image items and conditions.
Sizes and units are computed instead of encoding each item, which would take a third of the time.
`tests/test_simulate.py` compares both. Indexes (docs/facts.md#dynamodb): one unit for each entry
that is added, changed or removed, and two if a key changes; a transaction doubles all. Image lists
are put before it. The table is billed the sum.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from collage_lambda.output.key_template import DEFAULT_TEMPLATE
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import creator_key, creator_name, window_id
from stream_ingest.windowing.repository import CreatorRepository, Loaded
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.deadlines import due_at
from stream_ingest.windowing.rules.outbox import compress_event
from stream_ingest.windowing.rules.state import (
    ClosedWindow,
    CreatorState,
    Tally,
    decode_body,
    encode_body,
)
from tests.simulate.limits import (
    READ_UNITS_A_SECOND,
    WRITE_UNITS_A_SECOND,
    IndexLoad,
    LimitError,
    ThrottledError,
    Throughput,
    Writers,
    check_item,
    check_transaction,
    read_units,
    write_units,
)

_STATE_NAMES = (
    *(table.PARTITION_KEY, table.SORT_KEY, "creator", "version", "next_window", "batch_id"),
    *("accepted", "duplicates", "windows", "open_images", "body", "seen"),
)
_DUE_NAMES = ("due_at", "due_shard")
_WINDOW_NAMES = (
    *(table.PARTITION_KEY, table.SORT_KEY, "window_id", "creator", "batch_id", "trigger", "status"),
    *("processing_date", "closed_because", "image_count", *_DUE_NAMES),
    table.TTL_ATTRIBUTE,
)
_IMAGES_NAMES = (table.PARTITION_KEY, table.SORT_KEY, "detail", table.TTL_ATTRIBUTE)
_NAMES, _DUE, _WINDOW, _IMAGES = (
    sum(map(len, names)) for names in (_STATE_NAMES, _DUE_NAMES, _WINDOW_NAMES, _IMAGES_NAMES)
)
_EPOCH, _MOMENT, _SHARD = len("1795000000") // 2 + 2, len("2026-11-21T10:11:12Z"), len("due#0")
_TALLY_BYTES = 200
"""A tally that was spilled is smaller than one KB in any case."""
_QUEUED_UNITS = 3
"""A window that is marked as queued: the item, and its place in the index on due time."""


class Clock:
    """Simulated time."""

    def __init__(self, now_s: float) -> None:
        """Begin at a moment (epoch seconds)."""
        self.now_s = now_s

    def __call__(self) -> float:
        """Return the moment."""
        return self.now_s


class Kept(msgspec.Struct, frozen=True):
    """A creator's item in the table."""

    version: int
    next_window: int
    body: bytes
    seen: dict[str, bytes]
    batch_id: str
    tally: Tally
    open_images: int
    due: int | None
    size: int


class Figures(msgspec.Struct):
    """The counters."""

    commits: int = 0
    transactions: int = 0
    write_units: int = 0
    read_units: int = 0
    index_units: int = 0
    throttled: int = 0
    windows: int = 0
    full_windows: int = 0
    images: int = 0
    largest_item: int = 0
    largest_images_item: int = 0
    largest_transaction: int = 0
    most_actions: int = 0


class SimulatedStore(CreatorRepository):
    """States and windows of the creators of some shards."""

    key_template = DEFAULT_TEMPLATE

    def __init__(self, clock: Clock) -> None:
        """Count by `clock`; `shard` has to say which shard is being folded."""
        self.stored: dict[str, Kept] = {}
        self.figures = Figures()
        self.writes, self.reads = Throughput(WRITE_UNITS_A_SECOND), Throughput(READ_UNITS_A_SECOND)
        self.indexes, self.shard = IndexLoad(), ""
        self._writers, self._clock = Writers(), clock

    def load_each(self, keys: Sequence[str]) -> Loaded:
        """Return the states of creators by key; new ones for unknown creators."""
        return Loaded(states={key: self._load(key) for key in keys}, unreadable={})

    def commit(self, before: CreatorState, change: Change, now_s: int) -> None:
        """Write a change; raises `ConflictError` after another write, `LimitError` as AWS would."""
        key = creator_key(before.creator)
        self._writers.check(key, self.shard)
        old = self.stored.get(key)
        if (old.version if old else 0) != before.version:
            msg = f"commit {key}"
            raise ConflictError(msg)
        new = stored(key, change.state, before.version + 1)
        check_item(key, new.size)
        windows = [
            window_bytes(key, window, event)
            for window, event in zip(
                change.windows, self.events(change.state, change.windows, now_s), strict=True
            )
        ]
        numbers = [window.number for window in change.windows]
        if numbers != list(range(before.next_window, before.next_window + len(numbers))):
            msg = f"{key}: windows {numbers} after number {before.next_window - 1}"
            raise LimitError(msg)
        self._bill(key, old, new, windows, len(change.spilled))
        self._count(change, new, windows)
        self.stored[key] = new

    def note_queued(self, key: str) -> None:
        """Count the writes to record that a window's event was emitted."""
        self._take(self.writes, key, 1)
        self._index(f"{table.DUE_INDEX} {table.due_shard(key)}", _QUEUED_UNITS - 1)
        self.figures.write_units += _QUEUED_UNITS
        self.figures.index_units += _QUEUED_UNITS - 1

    def _load(self, key: str) -> CreatorState:
        found = self.stored.get(key)
        units = read_units(found.size if found else 0)
        self._take(self.reads, key, units)
        self.figures.read_units += units
        if found is None:
            return CreatorState(creator=creator_name(key))
        windows, marks, noted = decode_body(found.body)
        return CreatorState(
            creator=creator_name(key),
            version=found.version,
            next_window=found.next_window,
            open=windows,
            seen=found.seen,
            watermarks=marks,
            batch_id=found.batch_id,
            tally=found.tally,
            recorded=noted,
        )

    def _bill(
        self, key: str, old: Kept | None, new: Kept, windows: list[tuple[int, int]], spilled: int
    ) -> None:
        times = 2 if windows or spilled else 1
        units = times * write_units(new.size, old.size if old else 0)
        if times > 1:
            sizes = [new.size, *(status for status, _ in windows), *[_TALLY_BYTES] * spilled]
            check_transaction(sizes)
            units += 2 * sum(write_units(status) for status, _ in windows)
            units += sum(write_units(images) for _, images in windows)
            self.figures.transactions += 1
            self.figures.largest_transaction = max(self.figures.largest_transaction, sum(sizes))
            self.figures.most_actions = max(self.figures.most_actions, len(sizes))
        self._take(self.writes, key, units)
        indexes = self._bill_indexes(key, old, new, times, len(windows))
        self.figures.write_units += units + indexes + 4 * spilled
        self.figures.index_units += indexes

    def _bill_indexes(self, key: str, old: Kept | None, new: Kept, times: int, windows: int) -> int:
        before_id = old.batch_id if old else None
        batch = 0 if before_id == new.batch_id else (before_id is not None) + 1
        before = old.due if old else None
        due = 0 if before == new.due else (before is not None) + (new.due is not None)
        loads = {
            table.BATCH_INDEX: times * (batch + windows),
            f"{table.STATUS_INDEX} ready": times * windows,
            f"{table.DUE_INDEX} {table.due_shard(key)}": times * (due + windows),
        }
        for partition, units in loads.items():
            if units:
                self._index(partition, units)
        return sum(loads.values())

    def _index(self, partition: str, units: int) -> None:
        self.indexes.add(partition, units, int(self._clock()))

    def _take(self, throughput: Throughput, key: str, units: int) -> None:
        """Consume units as the SDK does: if there are none, wait and retry."""
        try:
            throughput.take(key, units, int(self._clock()))
        except ThrottledError as error:
            self.figures.throttled += 1
            self._clock.now_s = error.until
            throughput.take(key, units, error.until)

    def _count(self, change: Change, new: Kept, windows: list[tuple[int, int]]) -> None:
        figures = self.figures
        figures.commits += 1
        figures.windows += len(change.windows)
        figures.full_windows += sum(window.because == "full" for window in change.windows)
        figures.images += sum(len(window.images) for window in change.windows)
        figures.largest_item = max(figures.largest_item, new.size)
        for _, size in windows:
            figures.largest_images_item = max(figures.largest_images_item, size)


def stored(key: str, state: CreatorState, version: int) -> Kept:
    """Return a state as it is stored, and the size of its item."""
    body, due = encode_body(state), due_at(state, prefetch=True)
    numbers = (
        version,
        state.next_window,
        state.tally.accepted,
        state.tally.duplicates,
        state.tally.windows,
        state.open_images,
    )
    size = _NAMES + len(key) + len(table.STATE) + len(state.creator.encode()) + len(state.batch_id)
    size += len(body) + 3 + sum(1 + len(month) + len(page) for month, page in state.seen.items())
    size += sum(len(str(number)) // 2 + 2 for number in numbers)
    if due is not None:
        size += _DUE + _SHARD + len(str(due)) // 2 + 2
    return Kept(
        version=version,
        next_window=state.next_window,
        body=body,
        seen=state.seen,
        batch_id=state.batch_id,
        tally=state.tally,
        open_images=state.open_images,
        due=due,
        size=size,
    )


def window_bytes(key: str, window: ClosedWindow, event: WindowReady) -> tuple[int, int]:
    """Return the sizes of a window's two items: status, and list of images."""
    item = len(key) + len(table.window_item(window.number))
    status = _WINDOW + item + len(window_id(key, window.number)) + len(event.creator.encode())
    status += len(window.batch_id) + len(window.trigger) + len(table.WindowStatus.READY) + _MOMENT
    status += len(window.because) + _SHARD
    status += len(str(len(window.images))) // 2 + 2 + 2 * _EPOCH
    images = _IMAGES + item + len(compress_event(event)) + _EPOCH
    check_item(f"{key} images", images)
    return status, images
