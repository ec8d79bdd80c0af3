"""The worst creator: every image at its largest, incompressible, in several windows. Pure.

400 images a window, each with four random URLs of 1,024 characters, under settings that do not
share windows, and a dedup memory that is full. Through the real fold into the store with its
limits: had an item passed 400 KB or a transaction 4 MB, this would raise.
"""

from __future__ import annotations

import random
import string
from collections.abc import Iterator

import msgspec

from stream_ingest.contracts.identity import image_identity
from stream_ingest.contracts.settings import MAX_IMAGES_PER_WINDOW, BatchSettings, CollageLayout
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.rows import MAX_FALLBACKS, MAX_URLS_LENGTH, CoverRow
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.dedup import MAX_FINGERPRINTS
from stream_ingest.windowing.rules.fold import Arrival, Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from tests.simulate.population import NOW_S
from tests.simulate.store import Clock, Figures, SimulatedStore

SETTINGS = 4
"""Batches with settings of their own, whose rows come by turns."""
ROWS = SETTINGS * MAX_IMAGES_PER_WINDOW
_AT_ONCE = 300
_LETTERS = string.ascii_letters + string.digits + "-_"


class Worst(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of the worst creator."""

    rows: int
    images_in_windows: int
    images_waiting: int
    figures: Figures


def worst_case() -> Worst:
    """Fold the worst creator's rows."""
    store = SimulatedStore(Clock(float(NOW_S)))
    memory = {"2026-11": random.Random(1).randbytes(8 * MAX_FINGERPRINTS)}  # noqa: S311 - rows
    state = CreatorState(creator="worst", seen=memory)
    state = _written(store, state, Change(state=state))
    arrivals = list(_arrivals())
    for start in range(0, ROWS, _AT_ONCE):
        done, rows = 0, arrivals[start : start + _AT_ONCE]
        while done < len(rows):
            change = fold(state, rows[done:], NOW_S, Rules())
            state, done = _written(store, state, change), done + change.taken
    return Worst(
        rows=ROWS,
        images_in_windows=store.figures.images,
        images_waiting=state.open_images,
        figures=store.figures,
    )


def _written(store: SimulatedStore, state: CreatorState, change: Change) -> CreatorState:
    store.commit(state, change, NOW_S)
    return msgspec.structs.replace(change.state, version=state.version + 1)


def _arrivals() -> Iterator[Arrival]:
    chance = random.Random(2)  # noqa: S311 - rows, not secrets
    headers = [_header(number) for number in range(SETTINGS)]
    length = MAX_URLS_LENGTH // (1 + MAX_FALLBACKS)
    for number in range(ROWS):
        urls = [_url(chance, length) for _ in range(1 + MAX_FALLBACKS)]
        row = CoverRow(
            creator="worst",
            url=urls[0],
            fallbacks=tuple(urls[1:]),
            identity=image_identity(urls[0]),
            created_at_ms=NOW_S * 1_000,
        )
        yield Arrival(headers[number % SETTINGS], number // SETTINGS, row)


def _header(number: int) -> BatchHeader:
    layout = CollageLayout(rows=20, cols=20, quality=60 + number)
    settings = BatchSettings(layout=layout, images_per_window=MAX_IMAGES_PER_WINDOW)
    return BatchHeader(batch_id=f"worst-{number}", trigger="mysql-push", settings=settings)


def _url(chance: random.Random, length: int) -> str:
    head = "https://covers.example/"
    return head + "".join(chance.choices(_LETTERS, k=length - len(head)))
