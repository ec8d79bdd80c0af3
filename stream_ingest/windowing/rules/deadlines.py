"""When an open window has to be looked at, and when it has to be closed. Pure.

With a cover that is about to expire, where such covers are prefetched::

    2 h to 1 h before      asked for, with all others of the hour        (`request_at`)
    15 minutes later       asked for again, unless it is prefetched by then    (`REQUEST_AGAIN_S`)
    30 minutes before      the window is closed, if it still is not      (`SAFE_TIME_S`)

Where covers are not prefetched, the last line is the only one.
"""

from __future__ import annotations

from stream_ingest.contracts.events import Because
from stream_ingest.windowing.rules.state import CreatorState, OpenWindow

SAFE_TIME_S = 1_800
"""How long before its first URL expires a window is closed: queue, download and retries fit in."""
AHEAD_S = 3_600
"""How long before it expires a cover is asked for at the latest: time for three tries."""
SLOT_S = 3_600
"""Covers that expire within one such slot are asked for together, so that packs are large."""
REQUEST_AGAIN_S = 900
"""After this long a cover that is not prefetched yet is asked for again."""
_LONGEST_STEP_S, _SHORTEST_STEP_S = 3_600, 60


def deadlines(window: OpenWindow, *, prefetch: bool = False) -> dict[Because, int]:
    """Return when a window has to be closed (epoch seconds), by why; the first due counts.

    Where covers are prefetched (`prefetch`), none expires that has not been asked for.
    """
    moments: dict[Because, int] = {}
    if window.expires_at is not None:
        moments["expiring"] = window.expires_at - SAFE_TIME_S
        if prefetch and window.requested_at is None:
            del moments["expiring"]
        elif prefetch and window.requested_at is not None:
            moments["expiring"] = max(moments["expiring"], window.requested_at + REQUEST_AGAIN_S)
    if window.idle_s is not None:
        moments["idle"] = window.touched_at + window.idle_s
    return moments


def request_at(window: OpenWindow) -> int | None:
    """Return when covers of a window have to be asked for (epoch seconds), None for never."""
    if window.expires_at is None:
        return None
    if window.requested_at is not None:
        return window.requested_at + REQUEST_AGAIN_S
    return (window.expires_at - AHEAD_S) // SLOT_S * SLOT_S


def due_at(state: CreatorState, *, prefetch: bool = False) -> int | None:
    """Return when the sweeper has to look at this creator (epoch seconds), None for never.

    Idle times are rounded up, to the hour for those of 12 hours and more, so that the rows of one
    hour do not move the creator in the sparse index each time (every move is two more index
    writes). Expiry is exact; what is asked for is rounded down to the hour.
    """
    moments = [
        moment for window in state.open.values() for moment in _looked_at(window, prefetch=prefetch)
    ]
    return min(moments, default=None)


def _looked_at(window: OpenWindow, *, prefetch: bool) -> list[int]:
    moments = deadlines(window, prefetch=prefetch)
    if window.idle_s is not None:
        step_s = min(max(window.idle_s // 12, _SHORTEST_STEP_S), _LONGEST_STEP_S)
        moments["idle"] = -(-moments["idle"] // step_s) * step_s
    asked = request_at(window) if prefetch else None
    return [*moments.values(), *([] if asked is None else [asked])]
