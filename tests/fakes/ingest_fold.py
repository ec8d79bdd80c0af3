"""Short ways to fold rows of one creator and to look at what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from stream_ingest.packing import BatchHeader
from stream_ingest.windowing.closing import Change
from stream_ingest.windowing.fold import Arrival, Rules, fold
from stream_ingest.windowing.state import CreatorState
from tests.fakes.ingest_rows import NOW_S, arrivals, cover_row, cover_url

NEW = CreatorState(creator="charli")
RULES = Rules()


def folded(
    state: CreatorState, rows: Sequence[Arrival], now_s: int = NOW_S, rules: Rules = RULES
) -> Change:
    """Return what rows do to a state; they have to fit one transaction."""
    change = fold(state, rows, now_s, rules)
    assert change.taken == len(rows)
    return change


def opened(numbers: Sequence[int], batch: BatchHeader, now_s: int = NOW_S) -> CreatorState:
    """Return a new creator's state with covers of a batch in it."""
    return folded(NEW, arrivals(numbers, batch), now_s).state


def expiring(number: int, expires: int, batch: BatchHeader, position: int = 0) -> Arrival:
    """Return a cover whose URL expires."""
    return Arrival(batch, position, cover_row(number, url=cover_url(number, expires=expires)))


def identities(change: Change) -> list[list[str]]:
    """Return what is in each window that a change has closed."""
    return [[image.identity for image in window.images] for window in change.windows]
