"""Short ways to fold rows of one creator and to look at what came of it."""

from __future__ import annotations

from collections.abc import Sequence

from stream_ingest.contracts.naming import creator_key
from stream_ingest.records.codec import BatchHeader
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.fold import Arrival, Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from tests.fakes.ingest.rows import NOW_S, arrivals, cover_row, cover_url, header

NEW = CreatorState(creator="charli")
RULES = Rules()
ONCE = header("once")


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


def put_open_window(
    store: CreatorRepository,
    creator: str,
    urls: Sequence[str],
    now_s: int = NOW_S,
    batch: BatchHeader = ONCE,
) -> CreatorState:
    """Fold covers into a creator's state in a table, and return it as it is there."""
    key = creator_key(creator)
    state = store.load([key])[key]
    start = 1 + max((mark.position for mark in state.watermarks.values()), default=-1)
    rows = [
        Arrival(batch, start + index, cover_row(start + index, creator, url))
        for index, url in enumerate(urls)
    ]
    store.commit(state, folded(state, rows, now_s), now_s)
    return store.load([key])[key]
