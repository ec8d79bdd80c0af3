"""Things grouped into requests that a service takes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def grouped(
    things: Iterable[T], *, weigh: Callable[[T], int], most: int, max_weight: int
) -> Iterator[list[T]]:
    """Yield groups in order: at most `most` things, at most `max_weight` together, in each.

    A thing that is too heavy by itself is a group of its own: its service will say so.
    """
    group: list[T] = []
    total = 0
    for thing in things:
        weight = weigh(thing)
        if group and (len(group) == most or total + weight > max_weight):
            yield group
            group, total = [], 0
        group.append(thing)
        total += weight
    if group:
        yield group
