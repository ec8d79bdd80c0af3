"""One list of two kinds of things, newest first, in pages. Pure.

Each kind is a source that is looked at step by step. A page looks at the sources in the order of
their times, and its cursor says where each of them continues. So no page repeats or leaves out
anything that another has, whatever is added or taken away between them.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

from ops_dashboard.inspect.cursors import Position

_T = TypeVar("_T")
_Found_co = TypeVar("_Found_co", covariant=True)


class Step(msgspec.Struct, Generic[_Found_co], frozen=True, kw_only=True):
    """Something that a source has looked at."""

    at: str
    """Its time, as sortable text; sources are newest first."""
    position: Position
    """Where the source continues after it."""
    found: _Found_co | None = None
    """What to list; None if it was looked at in vain."""
    cost: int = 1
    """How much of its source's budget looking at it takes."""


class Merged(msgspec.Struct, Generic[_T], frozen=True, kw_only=True):
    """A page: what was found, and where each source continues; None on the last page."""

    found: list[_T]
    positions: dict[str, Position] | None


def merge_page(
    sources: Mapping[str, Iterable[Step[_T]]],
    start: Mapping[str, Position],
    *,
    limit: int,
    budgets: Mapping[str, int],
) -> Merged[_T]:
    """Return up to `limit` things of all sources, by name, which continue at `start`.

    Of things of one time, those of the first source come first. The page ends early once a source
    has used its budget.
    """
    found: list[_T] = []
    positions, spent = dict(start), Counter[str]()
    named = (_named(name, _falling(steps)) for name, steps in sources.items())
    for name, step in heapq.merge(*named, key=_time, reverse=True):
        is_full = step.found is not None and len(found) == limit
        if is_full or spent[name] + step.cost > budgets[name]:
            return Merged(found=found, positions=positions)
        spent[name] += step.cost
        positions[name] = step.position
        found += [step.found] if step.found is not None else []
    return Merged(found=found, positions=None)


def _time(named: tuple[str, Step[_T]]) -> str:
    return named[1].at


def _named(name: str, steps: Iterable[Step[_T]]) -> Iterator[tuple[str, Step[_T]]]:
    return ((name, step) for step in steps)


def _falling(steps: Iterable[Step[_T]]) -> Iterator[Step[_T]]:
    """Yield steps whose times never rise: of windows of one creator, clocks may be a bit apart."""
    at = None
    for step in steps:
        at = step.at if at is None else min(at, step.at)
        yield step if step.at == at else msgspec.structs.replace(step, at=at)
