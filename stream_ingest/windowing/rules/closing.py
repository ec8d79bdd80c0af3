"""Close open windows, and collect the writes that this causes. Pure.

The sweeper calls `close_due` and `close_batch`; the fold closes full windows with `Closing`. Each
returns a `Change`, which the repository writes in one conditional transaction or not at all.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec

from stream_ingest.contracts.events import Because, WindowImage
from stream_ingest.contracts.timestamps import from_epoch_ms
from stream_ingest.windowing.rules.deadlines import deadlines
from stream_ingest.windowing.rules.state import (
    ClosedWindow,
    CreatorState,
    OpenImage,
    OpenWindow,
    Tally,
)

MAX_ACTIONS = 96
"""Maximum number of writes of one change; DynamoDB takes 100 actions a transaction."""
MAX_WINDOWS = 40
"""Number of windows after which a change closes no further one; each is two writes."""
MAX_CLOSED = MAX_WINDOWS + 2
"""Maximum number of windows closed by one change: its last row may close three (`fold`)."""
MAX_IMAGES = 1_000
MAX_BYTES = 2_000_000
"""Images, and their bytes, after which a change closes no further window; DynamoDB takes 4 MB a
transaction."""


class Change(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The writes of one fold or sweep: all of them happen or none."""

    state: CreatorState
    windows: tuple[ClosedWindow, ...] = ()
    spilled: dict[str, Tally] = {}
    """Tallies of batches other than `state.batch_id`, to be added to their own items."""
    counted_as: str = ""
    """Name of the creator whose items these tallies are added to, if not the state's creator."""
    taken: int = 0
    """Number of arrivals that were consumed; the rest needs another fold."""
    resent: int = 0
    """Number of consumed arrivals that had been folded before."""
    barred: range = range(0)
    """Numbers of windows whose image lists nobody can store from now on (`rules.erasure`)."""

    def __bool__(self) -> bool:
        """Return whether there is anything to write."""
        return self.taken > self.resent or bool(self.windows)


def close_due(state: CreatorState, now_s: int, *, prefetch: bool = False) -> Change:
    """Close the windows that have been idle for too long or are about to expire.

    If expiring covers are prefetched (`prefetch`), a window expires only if its covers could not be
    prefetched in time. Stops when a transaction is full; call it again to close the rest.
    """
    closing = Closing(state)
    for key, window in state.open.items():
        because = _why_due(window, now_s, prefetch=prefetch)
        if because and not closing.is_full:
            closing.close(key, window, because)
    return closing.change(state)


def close_batch(state: CreatorState, batch_id: str, trigger: str) -> Change:
    """Close the windows that end with the batch.

    They are attributed to this batch, even if another batch added the latest row. Stops when a
    transaction is full; call it again to close the rest.
    """
    closing = Closing(state)
    for key, window in state.open.items():
        if batch_id in window.ending and not closing.is_full:
            ended = msgspec.structs.replace(window, batch_id=batch_id, trigger=trigger)
            closing.close(key, ended, "batch-end")
    return closing.change(state)


def _why_due(window: OpenWindow, now_s: int, *, prefetch: bool) -> Because | None:
    moments = deadlines(window, prefetch=prefetch)
    due = (because for because, moment in moments.items() if moment <= now_s)
    return next(due, None)


class Closing:
    """Collects closed windows: assigns their numbers and counts them by batch."""

    def __init__(self, state: CreatorState) -> None:
        """Continue the numbering of `state`."""
        self.next_window = state.next_window
        self.windows: list[ClosedWindow] = []
        self.images = self.bytes = 0
        self.closed: dict[str, int] = defaultdict(int)
        self.keys: set[str] = set()

    @property
    def is_full(self) -> bool:
        """Whether another window and its tally might not fit into the transaction."""
        return (
            len(self.windows) >= MAX_WINDOWS
            or self.images >= MAX_IMAGES
            or self.bytes >= MAX_BYTES
            or 1 + 2 * len(self.windows) + len(self.closed) > MAX_ACTIONS - 3
        )

    def close(self, key: str, window: OpenWindow, because: Because) -> None:
        """Close the window that is open under `key`, with the next window number."""
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
        self.bytes += len(msgspec.msgpack.encode(window.images))
        self.closed[window.batch_id] += 1
        self.next_window += 1
        self.keys.add(key)

    def change(self, state: CreatorState) -> Change:
        """Return the change that removes the closed windows from `state` and writes them."""
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
        identity=image.known_as,
        url=image.url,
        fallbacks=image.fallbacks,
        created_at=from_epoch_ms(image.created_at_ms),
        prefetched=image.prefetched,
        lost=image.lost,
    )
