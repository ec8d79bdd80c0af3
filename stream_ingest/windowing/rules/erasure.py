"""Erase a creator's state, and refuse rows of an erased creator. Pure.

What remains of an erased creator is its name, a number for its next window (so that no id is used
twice) and the watermarks of recent batches (so that no old record is folded again). Its counts move
to `naming.ERASED_CREATOR`, so that the figures of batches stay true. Rows that the stream received
before the erasure are refused, whenever they are folded; later rows are new, unless the creator is
blocked. What remains expires by itself, except for a blocked creator.

A writer that has read the state from before may store an image list afterwards, although its
transaction is refused. It numbers its windows from the state's next one. So the keys of as many
lists as a change can have are taken, and the windows after the erasure have higher numbers.
"""

from __future__ import annotations

import msgspec

from stream_ingest.contracts.naming import ERASED_CREATOR
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.windowing.rules.closing import MAX_CLOSED, Change
from stream_ingest.windowing.rules.numbering import FIRST
from stream_ingest.windowing.rules.state import CreatorState

REMAINS_LIFE_S = 400 * DAY_S
"""As long as windows live in the table, and longer than the archive keeps events by default."""
_NEVER = -1
_ALWAYS = 1 << 62


def erase(state: CreatorState, now_s: int, *, block: bool, first_window: int = FIRST) -> Change:
    """Return the change that removes everything but what has to remain; safe to repeat.

    A creator that is blocked stays blocked. `first_window` is the lowest number that a window of
    the table may get.
    """
    is_blocked = state.is_blocked or block
    next_window = max(first_window, state.next_window)
    barred = range(next_window, next_window + MAX_CLOSED)
    return Change(
        state=CreatorState(
            creator=state.creator,
            version=state.version,
            next_window=barred.stop,
            watermarks=state.watermarks,
            erased_at=now_s,
            is_blocked=is_blocked,
            expires_at=None if is_blocked else now_s + REMAINS_LIFE_S,
            deferred_at=state.deferred_at,
        ),
        spilled={state.batch_id: state.tally} if state.tally else {},
        counted_as=ERASED_CREATOR,
        barred=barred,
    )


def unblock(state: CreatorState, now_s: int) -> Change | None:
    """Return the change that accepts later rows of a creator again; None if it is not blocked."""
    if not state.is_blocked:
        return None
    expires_at = None if state.seen else now_s + REMAINS_LIFE_S
    return Change(state=msgspec.structs.replace(state, is_blocked=False, expires_at=expires_at))


def refused_until(state: CreatorState) -> int:
    """Return the epoch second until which rows that the stream received are refused, or -1."""
    if state.is_blocked:
        return _ALWAYS
    return _NEVER if state.erased_at is None else state.erased_at
