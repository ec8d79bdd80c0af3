"""Which windows a replay or a retry builds again. Edge (DynamoDB, by its parts)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice

import msgspec

from ops_dashboard.inspect.window_filter import FAILING
from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.inspect.windows import WindowReader
from ops_dashboard.recovery.replay import closed_between, is_retryable
from ops_dashboard.recovery.runs.run import Kind

RETRIED = "failed downloads of "
"""What the description of a retry begins with."""
MAX_COUNTED = 5_000
"""Windows that are counted before a run; beyond, the number is "at least"."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to build again: windows, or creators, or all of a batch, or of a range of time."""

    kind: Kind = Kind.REPLAY
    windows: tuple[str, ...] = ()
    creators: tuple[str, ...] = ()
    batch: str | None = None
    since: datetime | None = None
    until: datetime

    @property
    def is_archive(self) -> bool:
        """Whether EventBridge replays a range from its archive."""
        return self.kind is Kind.REPLAY and not (self.windows or self.creators)


def chosen_windows(reader: WindowReader, order: Order) -> Iterator[WindowRecord]:
    """Yield the windows of an order, each once; of a retry, those that a retry may help."""
    if order.kind is Kind.RETRY:
        yield from filter(is_retryable, _candidates(reader, order))
    elif order.windows or order.creators:
        yield from _candidates(reader, order)
    elif order.since is not None:
        yield from closed_between(reader, order.since, order.until)


def count_windows(reader: WindowReader, order: Order) -> tuple[int, bool]:
    """Return how many windows an order has, and whether there are more than were counted."""
    found = sum(1 for _ in islice(chosen_windows(reader, order), MAX_COUNTED + 1))
    return min(found, MAX_COUNTED), found > MAX_COUNTED


def about(order: Order) -> str:
    """Return what an order builds, for people."""
    if order.windows:
        what = _name_or_count(order.windows, "window")
    elif order.creators:
        what = _name_or_count(order.creators, "creator")
    elif order.kind is Kind.RETRY:
        what = f"batch {order.batch}" if order.batch else "every batch"
    else:
        what = f"{order.since:%Y-%m-%d %H:%M} to {order.until:%Y-%m-%d %H:%M} UTC"
    return f"{RETRIED}{what}" if order.kind is Kind.RETRY else what


def _candidates(reader: WindowReader, order: Order) -> Iterable[WindowRecord]:
    if order.windows:
        return reader.find_all(order.windows)
    if order.creators:
        found = (each for name in order.creators for each in reader.of_creator(name))
        return (each for each in found if _is_wanted(each, order))
    if order.batch:
        return reader.of_batch(order.batch)
    return (each for status in FAILING for each in reader.in_status(status))


def _is_wanted(window: WindowRecord, order: Order) -> bool:
    if order.batch not in {None, window.batch_id}:
        return False
    closed_at = datetime.fromisoformat(window.closed_at)
    return (order.since is None or closed_at >= order.since) and closed_at < order.until


def _name_or_count(names: tuple[str, ...], noun: str) -> str:
    return names[0] if len(names) == 1 else f"{len(names):,} {noun}s"
