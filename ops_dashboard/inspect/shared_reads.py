"""Reads that several requests of a page have in common. Edge (threads).

The list of failures shows the first entries of what its totals count, and a page asks for both at
once. So the entries are read once: whoever needs the next one reads it for the others, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from itertools import islice
from typing import Generic, TypeVar

T = TypeVar("T")
SHARED_S = 1.0
"""How old a read may be that another request joins."""


class SharedRead(Generic[T]):
    """What an iterator yields, for any number of threads. Not a value: it grows."""

    def __init__(self, start: Callable[[], Iterator[T]], began_at_s: float, most: int) -> None:
        """Read when an item is needed. Only the first `most` items are kept for other readers."""
        self._start, self._source, self._most = start, start(), most
        self._lock = threading.Lock()
        self._items: list[T] = []
        self._is_taken = False
        self._error: Exception | None = None
        self.began_at_s, self.readers = began_at_s, set[str]()

    def __iter__(self) -> Iterator[T]:
        """Yield all items; raises what the source has raised."""
        at = 0
        while at < len(self._items) or self._reads(at):
            yield self._items[at]
            at += 1
        if at == self._most:
            yield from self._rest()

    def _reads(self, at: int) -> bool:
        """Read the item at a place, unless another thread has; return whether one is kept there."""
        with self._lock:
            if at < len(self._items):
                return True
            if self._error is not None:
                raise self._error
            if at == self._most:
                return False
            try:
                self._items.append(next(self._source))
            except StopIteration:
                return False
            except Exception as error:
                self._error = error  # a generator that has raised would only seem to have ended
                raise
            return True

    def _rest(self) -> Iterator[T]:
        """Return the items that are not kept: the first reader goes on, others read anew."""
        with self._lock:
            is_taken, self._is_taken = self._is_taken, True
        return islice(self._start(), self._most, None) if is_taken else self._source


class SharedReads(Generic[T]):
    """The read that began last. Safe to share between threads."""

    def __init__(self, monotonic_s: Callable[[], float], most: int) -> None:
        """`monotonic_s` gives seconds; `most` items of a read are kept."""
        self._monotonic_s, self._most, self._lock = monotonic_s, most, threading.Lock()
        self._last: tuple[Hashable, SharedRead[T]] | None = None

    def join(self, key: Hashable, reader: str, start: Callable[[], Iterator[T]]) -> Iterator[T]:
        """Return the items of the last read if it is of this key, recent, and new to `reader`.

        Else `start` begins another one. It returns at once: its iterator reads what it yields.
        """
        with self._lock:
            now_s = self._monotonic_s()
            known, read = self._last or (None, None)
            is_recent = read is not None and now_s - read.began_at_s <= SHARED_S
            if read is None or not is_recent or known != key or reader in read.readers:
                read = SharedRead(start, now_s, self._most)
                self._last = (key, read)
            read.readers.add(reader)
            return iter(read)
