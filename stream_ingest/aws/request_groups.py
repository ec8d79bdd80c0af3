"""Grouping things into requests within a service's limits. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def group_by_weight(
    things: Iterable[T], *, weigh: Callable[[T], int], max_count: int, max_weight: int
) -> Iterator[list[T]]:
    """Yield groups, in order, of at most `max_count` things and `max_weight` in total.

    A thing heavier than `max_weight` is a group by itself: the service will refuse it.
    """
    group: list[T] = []
    total = 0
    for thing in things:
        weight = weigh(thing)
        if group and (len(group) == max_count or total + weight > max_weight):
            yield group
            group, total = [], 0
        group.append(thing)
        total += weight
    if group:
        yield group


def slices(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield `things` in order, `size` at a time."""
    return (things[start : start + size] for start in range(0, len(things), size))
