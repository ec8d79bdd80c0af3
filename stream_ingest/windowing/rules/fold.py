"""Fold rows into a creator's state: deduplicate them and group them into windows. Pure.

`fold` takes the rows of one creator in stream order. Kinesis delivers at least once, so it first
drops rows that were folded before, then handles each remaining row in four steps:

1. **Watermark.** A state stores, per batch, the highest position folded so far. A row at or below
   it is a redelivery and is skipped; any other row moves it up.
2. **Deduplication.** A row whose image fingerprint is in the dedup memory (`dedup`) is counted as a
   duplicate. Otherwise its image joins the open window of its batch's settings (`window_key`).
3. **Closing.** A window that has reached `images_per_window` is closed as ``full`` and gets the
   creator's next window number. Windows that are idle, expire or end with a batch are closed by
   the sweeper (`closing`).
4. **Item budget.** A creator's state is one DynamoDB item of at most 400 KB. A cheap lower bound on
   the free bytes is kept per row; only if it falls below zero is the state measured, and, if it
   really is too large, the largest open window is closed early (`item_budget`).

The fold stops as soon as one more row could exceed a DynamoDB transaction. `Change.taken` says how
many rows it consumed; the caller commits the change and folds the rest into the new state. Because
watermarks are committed with the windows, a crash at any point neither loses nor repeats a row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from stream_ingest.contracts.identity import fingerprint
from stream_ingest.contracts.watermarks import WATERMARK_LIFE_S
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.rows import CoverRow
from stream_ingest.windowing.rules.closing import MAX_ACTIONS, Change, Closing
from stream_ingest.windowing.rules.dedup import SeenImages
from stream_ingest.windowing.rules.erasure import refused_until
from stream_ingest.windowing.rules.item_budget import (
    BATCH_BYTES,
    free_bytes,
    largest_window,
    max_row_bytes,
    min_free_bytes,
    newest_watermarks,
    other_bytes,
)
from stream_ingest.windowing.rules.state import (
    CreatorState,
    OpenWindow,
    Tally,
    Watermark,
)
from stream_ingest.windowing.rules.window_builder import WindowBuilder


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A row as delivered by the stream, with its batch and its position in the batch."""

    batch: BatchHeader
    position: int
    row: CoverRow
    arrived_at_s: int = 0
    """When the stream received it (epoch seconds), identical on every redelivery."""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of a deployment that apply to all creators."""

    horizon_days: int = 90


def fold(state: CreatorState, arrivals: Sequence[Arrival], now_s: int, rules: Rules) -> Change:
    """Return the change that `arrivals`, in stream order, make to `state` at `now_s`.

    Stops early if a transaction is full: `Change.taken` counts the arrivals that were consumed. The
    change is falsy if all of them had been folded before, so folding twice writes nothing.

    A duplicate changes no window, with one exception: if its image is still in an open window and
    its batch flushes at its end, that flush closes the window too.
    """
    return _CreatorFold(state, now_s, rules, len(arrivals)).run(arrivals)


class _CreatorFold:
    """The working state of one `fold` call."""

    def __init__(self, state: CreatorState, now_s: int, rules: Rules, rows: int) -> None:
        self.state = state
        self.now_s = now_s
        self.seen = SeenImages(state.seen, now_s, rules.horizon_days, rows)
        self.positions = {
            batch: watermark.position for batch, watermark in state.watermarks.items()
        }
        self.builders: dict[str, WindowBuilder] = {}
        self.batch: BatchHeader | None = None
        self.window_key = ""
        """`BatchSettings.window_key` of the batch whose row came last."""
        self.is_full = False
        self.closing = Closing(state)
        self.min_free_bytes = min_free_bytes(
            state.open, other_bytes(len(state.watermarks), state.recorded)
        )
        """Lower bound on the free bytes of the item; below 0 the exact number is computed."""
        self.refused_until = refused_until(state)
        self.display_name = state.display_name
        # Below, by batch id: rows accepted, duplicate and blocked rows, and batches by latest row.
        self.accepted: dict[str, int] = defaultdict(int)
        self.duplicates: dict[str, int] = defaultdict(int)
        self.blocked: dict[str, int] = defaultdict(int)
        self.touched: dict[str, None] = {}

    def run(self, arrivals: Sequence[Arrival]) -> Change:
        """Fold `arrivals` until they are consumed or a transaction is full."""
        taken = resent = 0
        if arrivals and not self.state.version and not self.state.batch_id:  # its first rows
            self.display_name = arrivals[0].row.display_name
        positions = self.positions
        for arrival in arrivals:
            if self.is_full:
                break
            taken += 1
            batch = arrival.batch
            if arrival.position <= positions.get(batch.batch_id, -1):
                resent += 1
                continue
            positions[batch.batch_id] = arrival.position
            if batch is not self.batch:
                self._start_batch(batch)
            self._apply(arrival)
            if self.min_free_bytes < 0:
                self._free_space(batch)
        return self._change(taken, resent)

    def _start_batch(self, batch: BatchHeader) -> None:
        """Switch to the rows of another batch, or of another record of the same batch."""
        self.batch, self.window_key = batch, batch.settings.window_key
        self.touched.pop(batch.batch_id, None)
        self.touched[batch.batch_id] = None
        self.min_free_bytes -= BATCH_BYTES
        self._check_full()

    def _check_full(self) -> None:
        """Set `is_full` if the writes of one more row might not fit into the transaction."""
        actions = 1 + 2 * len(self.closing.windows) + len(self.touched)
        self.is_full = self.closing.is_full or actions > MAX_ACTIONS - 3

    def _apply(self, arrival: Arrival) -> None:
        """Count a new row as refused, or add it to its window and close that if it is full."""
        batch, row, key = arrival.batch, arrival.row, self.window_key
        if arrival.arrived_at_s <= self.refused_until:
            self.blocked[batch.batch_id] += 1
            return
        builder = self.builders.get(key)
        if builder is None:
            builder = self.builders[key] = WindowBuilder(self.state.open.get(key))
        identity = row.identity
        known = not self.seen.add(fingerprint(identity))
        if known and (batch.settings.dedup or builder.has(identity)):
            self.duplicates[batch.batch_id] += 1
            # A user may push the same rows again, now with a flush: close the window they are in.
            if batch.settings.flush.kind == "batch-end" and builder.has(identity):
                builder.close_at_end_of(batch)
            return
        self.accepted[batch.batch_id] += 1
        bound = max_row_bytes(row)
        self.min_free_bytes -= bound
        builder.add(row, batch, bound)
        if len(builder.images) >= batch.settings.images_per_window:
            self.closing.close(key, builder.build(batch, self.now_s), "full")
            self.builders[key] = WindowBuilder(None)
            self._check_full()

    def _free_space(self, batch: BatchHeader) -> None:
        """Measure the state and, if it is too large, close windows as ``full`` for `batch`.

        Closes the largest window first. If that does not suffice, it also closes the window of the
        latest row, after which the state is no larger than before that row. One row therefore
        closes at most two windows for space.
        """
        open_ = self._open_windows()
        other = other_bytes(
            len(self.state.watermarks.keys() | self.touched.keys()), self.state.recorded
        )
        self.min_free_bytes = free_bytes(open_, other)
        for key in (largest_window(open_) if open_ else "", self.window_key):
            if self.min_free_bytes >= 0:
                break
            if key in open_:
                window = msgspec.structs.replace(
                    open_.pop(key), batch_id=batch.batch_id, trigger=batch.trigger
                )
                self.closing.close(key, window, "full")
                self.builders[key] = WindowBuilder(None)
                self.min_free_bytes = free_bytes(open_, other)
        self._check_full()

    def _change(self, taken: int, resent: int) -> Change:
        """Return the change. The state holds only the latest batch's tally; the others spill."""
        if taken == resent:
            return Change(state=self.state, taken=taken, resent=resent)
        tallies = {
            batch: Tally(
                self.accepted[batch],
                self.duplicates[batch],
                self.closing.closed[batch],
                self.blocked[batch],
            )
            for batch in self.touched
        }
        current = next(reversed(self.touched))
        own = tallies.pop(current)
        if current == self.state.batch_id:
            own = self.state.tally + own
        elif self.state.tally:
            before = tallies.get(self.state.batch_id, Tally())
            tallies[self.state.batch_id] = before + self.state.tally
        return Change(
            state=msgspec.structs.replace(
                self.state,
                display_name=self.display_name,
                next_window=self.closing.next_window,
                open=self._open_windows(),
                seen=self.seen.pages(),
                watermarks=self._watermarks(),
                batch_id=current,
                tally=own,
                expires_at=None if any(self.accepted.values()) else self.state.expires_at,
            ),
            windows=tuple(self.closing.windows),
            spilled={batch: tally for batch, tally in tallies.items() if tally},
            taken=taken,
            resent=resent,
        )

    def _open_windows(self) -> dict[str, OpenWindow]:
        """Return all windows that are open now, including those that no row touched."""
        windows = {
            key: window for key, window in self.state.open.items() if key not in self.builders
        }
        for key, builder in self.builders.items():
            if builder.header is not None:
                windows[key] = builder.build(builder.header, self.now_s)
            elif builder.window is not None:
                ending = tuple(builder.ending)
                windows[key] = msgspec.structs.replace(builder.window, ending=ending)
        return windows

    def _watermarks(self) -> dict[str, Watermark]:
        """Return the watermarks after this fold, without those that are too old."""
        watermarks = {
            batch: watermark
            for batch, watermark in self.state.watermarks.items()
            if watermark.applied_at > self.now_s - WATERMARK_LIFE_S
        }
        for batch in self.touched:
            watermarks[batch] = Watermark(self.positions[batch], self.now_s)
        return newest_watermarks(watermarks)
