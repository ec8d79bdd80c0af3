"""When an open window must be swept, and when it must be closed. Pure.

Timeline of an expiring cover, if covers are prefetched::

    2 h to 1 h before      requested, with all others of the hour        (`request_at`)
    15 minutes later       requested again, if it is not prefetched yet  (`REQUEST_AGAIN_S`)
    30 minutes before      the window is closed, if it still is not prefetched (`SAFE_TIME_S`)

If covers are not prefetched, only the last line applies.
"""

from __future__ import annotations

from stream_ingest.contracts.events import Because
from stream_ingest.windowing.rules.state import CreatorState, OpenWindow

SAFE_TIME_S = 1_800
"""How long before its first URL expires a window is closed: enough to queue, download and retry."""
AHEAD_S = 3_600
"""Latest time before its expiry to request a cover: enough for three tries."""
SLOT_S = 3_600
"""Covers that expire within one such slot are requested together, so that packs are large."""
REQUEST_AGAIN_S = 900
"""Time after which a cover that is not prefetched yet is requested again."""
_LONGEST_STEP_S, _SHORTEST_STEP_S = 3_600, 60


def deadlines(window: OpenWindow, *, prefetch: bool = False) -> dict[Because, int]:
    """Return when a window must be closed (epoch seconds), by reason; the first due one applies.

    If covers are prefetched (`prefetch`), a window expires only after they were requested.
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
    """Return when covers of a window must be requested (epoch seconds), None for never."""
    if window.expires_at is None:
        return None
    if window.requested_at is not None:
        return window.requested_at + REQUEST_AGAIN_S
    return (window.expires_at - AHEAD_S) // SLOT_S * SLOT_S


def due_at(state: CreatorState, *, prefetch: bool = False) -> int | None:
    """Return when the sweeper must process this creator (epoch seconds), None for never.

    Idle times are rounded up, to the hour for those of 12 hours and more, so that the rows of one
    hour do not move the creator in the sparse index each time (every move is two more index
    writes). Expiry times are exact; request times are rounded down to the hour.
    """
    moments = [
        moment
        for window in state.open.values()
        for moment in _sweep_times(window, prefetch=prefetch)
    ]
    return min(moments, default=None)


def _sweep_times(window: OpenWindow, *, prefetch: bool) -> list[int]:
    moments = deadlines(window, prefetch=prefetch)
    if window.idle_s is not None:
        step_s = min(max(window.idle_s // 12, _SHORTEST_STEP_S), _LONGEST_STEP_S)
        moments["idle"] = -(-moments["idle"] // step_s) * step_s
    request = request_at(window) if prefetch else None
    return [*moments.values(), *([] if request is None else [request])]
