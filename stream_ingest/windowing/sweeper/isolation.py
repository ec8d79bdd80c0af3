"""Keeps what is wrong with one item from the others of a sweep. Edge (DynamoDB).

An item that cannot be read is added to the list of such items and costs nothing else. Any other
error of an item is logged with the item's key; the sweep goes on with the other items, and its
caller raises the error in the end, so that Lambda reports it and repeats the sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from stream_ingest.contracts import table
from stream_ingest.contracts.errors import TransientError, UnreadableItemError
from stream_ingest.windowing.sweeper.sweep import Sweep
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList

T = TypeVar("T")
MAX_ERRORS = 25
"""Errors of items after which a sweep ends: then something else is wrong than one item."""


class Isolation:
    """Runs the parts of a sweep one by one, each for one item."""

    def __init__(
        self, unreadable: UnreadableList, on_error: Callable[[str, Exception], None]
    ) -> None:
        """`on_error` is called at once with an item's key and its error."""
        self._list, self._on_error = unreadable, on_error
        self._unreadable: dict[str, None] = {}
        self._errors: list[Exception] = []

    def collect(self, work: Callable[[], Sweep]) -> Sweep:
        """Return the sweep that `work` does, with what went wrong with items."""
        self._unreadable, self._errors = {}, []
        sweep = work()
        return msgspec.structs.replace(
            sweep, unreadable=tuple(self._unreadable), errors=tuple(self._errors)
        )

    def run(self, key: str, work: Callable[[], T], otherwise: T) -> T:
        """Return what `work` returns, or `otherwise` if it fails on the item `key`."""
        try:
            return work()
        except UnreadableItemError as error:
            self.found(error)
        except Exception as error:
            self._on_error(key, error)
            self._errors.append(error)
            if len(self._errors) > MAX_ERRORS:
                raise
        return otherwise

    def found(self, error: UnreadableItemError) -> None:
        """Add an item that cannot be read to the list."""
        key = table.item_key(error.partition, error.sort)
        if key in self._unreadable:
            return
        self._unreadable[key] = None
        self._on_error(key, error)
        self.run(key, lambda: self._list.add(error), None)


def raise_errors(sweep: Sweep) -> Sweep:
    """Return a sweep; raise the gravest error of its items if there were any."""
    unexpected = [error for error in sweep.errors if not isinstance(error, TransientError)]
    for error in (*unexpected, *sweep.errors):
        raise error
    return sweep
