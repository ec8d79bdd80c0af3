"""The windowing rules: rows folded into a creator's state. Pure, no AWS in sight.

`fold` takes the rows of one creator in the order of the stream and returns the new state and the
windows that were closed. `close_due` and `close_batch` are the sweeper's rules. All three return a
`Change`, which the store writes in one conditional transaction or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from stream_ingest.clock import from_epoch_ms
from stream_ingest.events import Because, WindowImage
from stream_ingest.identity import expires_at, fingerprint, image_identity
from stream_ingest.packing import BatchHeader
from stream_ingest.rows import CoverRow
from stream_ingest.settings import DAY_S
from stream_ingest.windowing.seen import SeenImages
from stream_ingest.windowing.state import (
    ClosedWindow,
    CreatorState,
    Mark,
    OpenImage,
    OpenWindow,
    Tally,
)

MAX_ACTIONS = 96
"""Writes that one change may come to; DynamoDB takes 100 actions a transaction."""
MAX_WINDOWS = 40
"""Windows closed by one change; each is two writes."""
MAX_IMAGES = 1_000
"""Images after which a change closes no further window; DynamoDB takes 4 MB a transaction."""
MARK_LIFE_S = 9 * DAY_S
"""Marks outlive every redelivery: the stream keeps records for 7 days (checked by Pulumi)."""
_IDLE_STEP_S = 3_600
SAFE_TIME_S = 1_800
"""How long before its first URL expires a window is closed: queue, download and retries fit in."""


class Arrival(msgspec.Struct, frozen=True):
    """A row as the stream delivered it: its batch and its position there (`packing`)."""

    batch: BatchHeader
    position: int
    row: CoverRow


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment sets for all creators."""

    horizon_days: int = 90


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one fold wants written: all of it or nothing."""

    state: CreatorState
    windows: tuple[ClosedWindow, ...] = ()
    spilled: dict[str, Tally] = {}
    """Tallies of batches other than `state.batch_id`, to be added to their own items."""
    taken: int = 0
    """How many of the arrivals were consumed; the rest is for a further fold."""
    resent: int = 0
    """How many of them had been folded before."""

    def __bool__(self) -> bool:
        """Tell whether anything is to be written."""
        return self.taken > self.resent or bool(self.windows)


def fold(state: CreatorState, arrivals: Sequence[Arrival], now_s: int, rules: Rules) -> Change:
    """Return what `arrivals` do to `state`; stops where a transaction is full (see `taken`).

    A row at or below its batch's mark was folded before and changes nothing. A row whose image is
    in the dedup memory is tallied as a duplicate.
    """
    return _Fold(state, now_s, rules).run(arrivals)


def close_due(state: CreatorState, now_s: int) -> Change:
    """Return `state` with the windows closed that are idle for too long or about to expire.

    Stops where a transaction is full; applied again it closes the rest.
    """
    closing = _Closing(state)
    for key, window in state.open.items():
        because = _why_due(window, now_s)
        if because and not closing.is_full:
            closing.close(key, window, because)
    return closing.change(state)


def close_batch(state: CreatorState, batch_id: str, trigger: str) -> Change:
    """Return `state` with the windows closed that are to end with the batch.

    They are the batch's, whichever batch touched them last. Stops where a transaction is full;
    applied again it closes the rest.
    """
    closing = _Closing(state)
    for key, window in state.open.items():
        if batch_id in window.ending and not closing.is_full:
            ended = msgspec.structs.replace(window, batch_id=batch_id, trigger=trigger)
            closing.close(key, ended, "batch-end")
    return closing.change(state)


def due_at(state: CreatorState) -> int | None:
    """Return when the sweeper has to look at this creator (epoch seconds), None for never.

    Idle times are rounded up to the hour, so that the rows of one hour do not move the creator in
    the sparse index each time (every move is two more index writes). Expiry is exact.
    """
    moments = [moment for window in state.open.values() for moment in _deadlines(window)]
    return min(moments, default=None)


def _deadlines(window: OpenWindow) -> list[int]:
    deadlines = []
    if window.idle_s is not None:
        deadlines.append(-(-(window.touched_at + window.idle_s) // _IDLE_STEP_S) * _IDLE_STEP_S)
    if window.expires_at is not None:
        deadlines.append(window.expires_at - SAFE_TIME_S)
    return deadlines


def _why_due(window: OpenWindow, now_s: int) -> Because | None:
    if window.expires_at is not None and window.expires_at - SAFE_TIME_S <= now_s:
        return "expiring"
    if window.idle_s is not None and window.touched_at + window.idle_s <= now_s:
        return "idle"
    return None


class _Closing:
    """Windows being closed: numbers given, tallies kept by batch."""

    def __init__(self, state: CreatorState) -> None:
        self.next_window = state.next_window
        self.windows: list[ClosedWindow] = []
        self.images = 0
        self.closed: dict[str, int] = defaultdict(int)
        self.keys: set[str] = set()

    @property
    def is_full(self) -> bool:
        """Tell whether one transaction could not take another window and its tally."""
        return (
            len(self.windows) >= MAX_WINDOWS
            or self.images >= MAX_IMAGES
            or 1 + 2 * len(self.windows) + len(self.closed) > MAX_ACTIONS - 3
        )

    def close(self, key: str, window: OpenWindow, because: Because) -> None:
        self.windows.append(
            ClosedWindow(
                number=self.next_window,
                settings=window.settings,
                batch_id=window.batch_id,
                trigger=window.trigger,
                because=because,
                images=tuple(_window_image(image) for image in window.images),
            )
        )
        self.images += len(window.images)
        self.closed[window.batch_id] += 1
        self.next_window += 1
        self.keys.add(key)

    def change(self, state: CreatorState) -> Change:
        tallies = {batch: Tally(0, 0, count) for batch, count in self.closed.items()}
        own = tallies.pop(state.batch_id, Tally())
        return Change(
            state=msgspec.structs.replace(
                state,
                next_window=self.next_window,
                open={key: window for key, window in state.open.items() if key not in self.keys},
                tally=state.tally + own,
            ),
            windows=tuple(self.windows),
            spilled=tallies,
        )


def _window_image(image: OpenImage) -> WindowImage:
    return WindowImage(
        identity=image.identity or image_identity(image.url),
        url=image.url,
        fallbacks=image.fallbacks,
        created_at=from_epoch_ms(image.created_at_ms),
    )


class _Filling:
    """An open window while rows are being folded into it."""

    __slots__ = ("ending", "expires_at", "header", "idle_s", "images")

    def __init__(self, window: OpenWindow | None) -> None:
        self.images = list(window.images) if window else []
        self.idle_s = window.idle_s if window else None
        self.ending = list(window.ending) if window else []
        self.expires_at = window.expires_at if window else None
        self.header: BatchHeader | None = None

    def put(self, arrival: Arrival) -> None:
        row, self.header = arrival.row, arrival.batch
        identity = None if image_identity(row.url) == row.identity else row.identity
        self.images.append(OpenImage(row.url, row.created_at_ms, row.fallbacks, identity))
        expires = expires_at(row.url)
        if expires is not None and (self.expires_at is None or expires < self.expires_at):
            self.expires_at = expires
        flush = arrival.batch.settings.flush
        if flush.kind != "never":
            self.idle_s = min(flush.idle_s, self.idle_s or flush.idle_s)
        if flush.kind == "batch-end" and arrival.batch.batch_id not in self.ending:
            self.ending.append(arrival.batch.batch_id)

    def window(self, header: BatchHeader, now_s: int) -> OpenWindow:
        return OpenWindow(
            settings=header.settings,
            batch_id=header.batch_id,
            trigger=header.trigger,
            touched_at=now_s,
            images=tuple(self.images),
            idle_s=self.idle_s,
            ending=tuple(self.ending),
            expires_at=self.expires_at,
        )


class _Fold:
    """One creator's fold while it runs."""

    def __init__(self, state: CreatorState, now_s: int, rules: Rules) -> None:
        self.state = state
        self.now_s = now_s
        self.seen = SeenImages(state.seen, now_s, rules.horizon_days)
        self.positions = {batch: mark.position for batch, mark in state.marks.items()}
        self.filling: dict[str, _Filling] = {}
        self.closing = _Closing(state)
        self.accepted: dict[str, int] = defaultdict(int)
        self.duplicates: dict[str, int] = defaultdict(int)
        self.touched: dict[str, None] = {}

    def run(self, arrivals: Sequence[Arrival]) -> Change:
        taken = resent = 0
        for arrival in arrivals:
            if self._is_full():
                break
            taken += 1
            batch_id = arrival.batch.batch_id
            if arrival.position <= self.positions.get(batch_id, -1):
                resent += 1
                continue
            self.positions[batch_id] = arrival.position
            self.touched.pop(batch_id, None)
            self.touched[batch_id] = None
            self._apply(arrival)
        return self._change(taken, resent)

    def _is_full(self) -> bool:
        """Tell whether one transaction could not take what another row may come to."""
        actions = 1 + 2 * len(self.closing.windows) + len(self.touched)
        return self.closing.is_full or actions > MAX_ACTIONS - 3

    def _apply(self, arrival: Arrival) -> None:
        batch_id = arrival.batch.batch_id
        if not self.seen.add(fingerprint(arrival.row.identity)):
            self.duplicates[batch_id] += 1
            return
        self.accepted[batch_id] += 1
        key = arrival.batch.settings.window_key
        filling = self.filling.get(key)
        if filling is None:
            filling = self.filling[key] = _Filling(self.state.open.get(key))
        filling.put(arrival)
        if len(filling.images) >= arrival.batch.settings.images_per_window:
            self.closing.close(key, filling.window(arrival.batch, self.now_s), "full")
            self.filling[key] = _Filling(None)

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
                marks=self._marks(),
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
                windows[key] = filling.window(filling.header, self.now_s)
        return windows

    def _marks(self) -> dict[str, Mark]:
        kept = {
            batch: mark
            for batch, mark in self.state.marks.items()
            if mark.applied_at > self.now_s - MARK_LIFE_S
        }
        for batch in self.touched:
            kept[batch] = Mark(self.positions[batch], self.now_s)
        return kept
