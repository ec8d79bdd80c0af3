"""The calls of a run, each of which may go wrong once. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tests.faults.harness.injector import Kind

PAIRS = (
    (Kind.KILLED_BEFORE, Kind.KILLED_AFTER),
    (Kind.LOST, Kind.RETRIED),
    (Kind.PARTIAL, Kind.DENIED),
)
"""Kinds that have much in common: in the normal suite each call meets one of every pair."""


class Place(NamedTuple):
    """One call: the `nth` of the `invocation`-th process of this kind."""

    process: str
    invocation: int
    nth: int
    call: str


def half(places: Sequence[Place], kind: Kind) -> list[Place]:
    """Return the places of a kind's half: every second call of each sort, or the only one."""
    (which,) = (pair.index(kind) for pair in PAIRS if kind in pair)
    sorts = [(place.process, place.call) for place in places]
    there_are, seen, chosen = Counter(sorts), Counter[tuple[str, str]](), []
    for place, sort in zip(places, sorts, strict=True):
        if there_are[sort] == 1 or seen[sort] % 2 == which:
            chosen.append(place)
        seen[sort] += 1
    return chosen
