"""The windowing rules: rows folded into a creator's state. Pure, no AWS in sight.

`fold` takes the rows of one creator in the order of the stream and returns the new state and the
windows that were closed, as a `Change`, which the store writes in one conditional transaction or
not at all. What time closes is in `closing`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from stream_ingest.contracts.identity import expires_at, fingerprint
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.rows import CoverRow
from stream_ingest.windowing.rules.closing import MAX_ACTIONS, Change, Closing
from stream_ingest.windowing.rules.dedup import SeenImages
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
    OpenImage,
    OpenWindow,
    Tally,
    Watermark,
)

WATERMARK_LIFE_S = 9 * DAY_S
"""Marks outlive every redelivery: the stream keeps records for 7 days (checked by Pulumi)."""


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A row as the stream delivered it: its batch and its position there (`packing`)."""

    batch: BatchHeader
    position: int
    row: CoverRow


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment sets for all creators."""

    horizon_days: int = 90


def fold(state: CreatorState, arrivals: Sequence[Arrival], now_s: int, rules: Rules) -> Change:
    """Return what `arrivals` do to `state`; stops where a transaction is full (see `taken`).

    A row at or below its batch's mark was folded before and changes nothing. A row whose image is
    in the dedup memory is tallied as a duplicate; where that image still waits in an open window,
    the end of a batch that flushes closes that window too.
    """
    return _Fold(state, now_s, rules).run(arrivals)


class _Filling:
    """An open window while rows are being folded into it."""

    __slots__ = (
        "_identities",
        "bound",
        "ending",
        "expires_at",
        "header",
        "idle_s",
        "images",
        "requested_at",
        "window",
    )

    def __init__(self, window: OpenWindow | None) -> None:
        self.window = window
        self.images = list(window.images) if window else []
        self.idle_s = window.idle_s if window else None
        self.ending = list(window.ending) if window else []
        self.expires_at = window.expires_at if window else None
        self.requested_at = window.requested_at if window else None
        self.bound = window.bound if window else 0
        self.header: BatchHeader | None = None
        self._identities: set[str] | None = None

    def has(self, identity: str) -> bool:
        """Tell whether an image is in the window."""
        if self._identities is None:
            self._identities = {image.known_as for image in self.images}
        return identity in self._identities

    def end_with(self, batch: BatchHeader) -> None:
        """Let the end of a batch close the window, if the batch asks for that."""
        if batch.settings.flush.kind == "batch-end" and batch.batch_id not in self.ending:
            self.ending.append(batch.batch_id)

    def put(self, row: CoverRow, batch: BatchHeader, bound: int) -> None:
        """Take in a row of `batch`, which takes at most `bound` bytes of the state."""
        if self.bound is not None:
            self.bound += bound
        self.images.append(OpenImage(row.url, row.created_at_ms, row.fallbacks, row.identity))
        if self._identities is not None:
            self._identities.add(row.identity)
        expires = expires_at(row.url)
        if expires is not None and (self.expires_at is None or expires < self.expires_at):
            self.expires_at = expires
        if batch is not self.header:
            self._heed(batch)

    def _heed(self, batch: BatchHeader) -> None:
        """Do what the batch of the row that came last asks for."""
        self.header = batch
        flush = batch.settings.flush
        if flush.kind != "never":
            self.idle_s = min(flush.idle_s, self.idle_s or flush.idle_s)
        self.end_with(batch)

    def filled(self, header: BatchHeader, now_s: int) -> OpenWindow:
        """Return the window with the rows that were put into it, the last of them `header`'s."""
        return OpenWindow(
            settings=header.settings,
            batch_id=header.batch_id,
            trigger=header.trigger,
            touched_at=now_s,
            images=tuple(self.images),
            idle_s=self.idle_s,
            ending=tuple(self.ending),
            expires_at=self.expires_at,
            requested_at=self.requested_at,
            bound=self.bound,
        )


class _Fold:
    """One creator's fold while it runs."""

    def __init__(self, state: CreatorState, now_s: int, rules: Rules) -> None:
        self.state = state
        self.now_s = now_s
        self.seen = SeenImages(state.seen, now_s, rules.horizon_days)
        self.positions = {batch: mark.position for batch, mark in state.watermarks.items()}
        self.filling: dict[str, _Filling] = {}
        self.batch: BatchHeader | None = None
        self.window_key = ""
        """Of the batch whose row came last."""
        self.is_full = False
        self.closing = Closing(state)
        self.room = min_free_bytes(state.open, other_bytes(len(state.watermarks), state.recorded))
        """A lower bound on the free bytes; below 0 the exact number is needed."""
        self.accepted: dict[str, int] = defaultdict(int)
        self.duplicates: dict[str, int] = defaultdict(int)
        self.touched: dict[str, None] = {}

    def run(self, arrivals: Sequence[Arrival]) -> Change:
        taken = resent = 0
        for arrival in arrivals:
            if self.is_full:
                break
            taken += 1
            batch_id = arrival.batch.batch_id
            if arrival.position <= self.positions.get(batch_id, -1):
                resent += 1
                continue
            self.positions[batch_id] = arrival.position
            if arrival.batch is not self.batch:
                self._start_batch(arrival.batch)
            self._apply(arrival)
            if self.room < 0:
                self._close_for_space(arrival.batch)
        return self._change(taken, resent)

    def _start_batch(self, batch: BatchHeader) -> None:
        """Go on with rows of another batch, or of another record of the same one."""
        self.batch, self.window_key = batch, batch.settings.window_key
        self.touched.pop(batch.batch_id, None)
        self.touched[batch.batch_id] = None
        self.room -= BATCH_BYTES
        self._check_full()

    def _check_full(self) -> None:
        """Note whether one transaction could not take what another row may come to."""
        actions = 1 + 2 * len(self.closing.windows) + len(self.touched)
        self.is_full = self.closing.is_full or actions > MAX_ACTIONS - 3

    def _apply(self, arrival: Arrival) -> None:
        batch, row, key = arrival.batch, arrival.row, self.window_key
        filling = self.filling.get(key)
        if filling is None:
            filling = self.filling[key] = _Filling(self.state.open.get(key))
        known = not self.seen.add(fingerprint(row.identity))
        if known and (batch.settings.dedup or filling.has(row.identity)):
            self.duplicates[batch.batch_id] += 1
            # Pushed again under another id, say: its end closes the windows that its rows are in.
            if batch.settings.flush.kind == "batch-end" and filling.has(row.identity):
                filling.end_with(batch)
            return
        self.accepted[batch.batch_id] += 1
        bound = max_row_bytes(row)
        self.room -= bound
        filling.put(row, batch, bound)
        if len(filling.images) >= batch.settings.images_per_window:
            self.closing.close(key, filling.filled(batch, self.now_s), "full")
            self.filling[key] = _Filling(None)
            self._check_full()

    def _close_for_space(self, batch: BatchHeader) -> None:
        """Close windows where what is open would take too much: as full, and as `batch`'s.

        The heaviest goes first; if that is not enough, the one of the row that came last: without
        it there is no more than before. So a row closes two windows at most.
        """
        open_ = self._open()
        others = other_bytes(
            len(self.state.watermarks.keys() | self.touched.keys()), self.state.recorded
        )
        self.room = free_bytes(open_, others)
        for key in (largest_window(open_) if open_ else "", self.window_key):
            if self.room >= 0:
                break
            if key in open_:
                window = msgspec.structs.replace(
                    open_.pop(key), batch_id=batch.batch_id, trigger=batch.trigger
                )
                self.closing.close(key, window, "full")
                self.filling[key] = _Filling(None)
                self.room = free_bytes(open_, others)
        self._check_full()

    def _change(self, taken: int, resent: int) -> Change:
        if taken == resent:
            return Change(state=self.state, taken=taken, resent=resent)
        tallies = {
            batch: Tally(self.accepted[batch], self.duplicates[batch], self.closing.closed[batch])
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
                next_window=self.closing.next_window,
                open=self._open(),
                seen=self.seen.pages(),
                watermarks=self._watermarks(),
                batch_id=current,
                tally=own,
            ),
            windows=tuple(self.closing.windows),
            spilled={batch: tally for batch, tally in tallies.items() if tally},
            taken=taken,
            resent=resent,
        )

    def _open(self) -> dict[str, OpenWindow]:
        windows = {
            key: window for key, window in self.state.open.items() if key not in self.filling
        }
        for key, filling in self.filling.items():
            if filling.header is not None:
                windows[key] = filling.filled(filling.header, self.now_s)
            elif filling.window is not None:
                ending = tuple(filling.ending)
                windows[key] = msgspec.structs.replace(filling.window, ending=ending)
        return windows

    def _watermarks(self) -> dict[str, Watermark]:
        kept = {
            batch: mark
            for batch, mark in self.state.watermarks.items()
            if mark.applied_at > self.now_s - WATERMARK_LIFE_S
        }
        for batch in self.touched:
            kept[batch] = Watermark(self.positions[batch], self.now_s)
        return newest_watermarks(kept)
