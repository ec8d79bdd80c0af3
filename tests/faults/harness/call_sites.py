"""The AWS calls of a run, at each of which a fault can be injected. Pure."""

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
"""Similar kinds: in the normal suite each call gets one of every pair."""


class CallSite(NamedTuple):
    """One call: the `nth` of the `invocation`-th process of this kind."""

    process: str
    invocation: int
    nth: int
    call: str


def share_of(places: Sequence[CallSite], kind: Kind) -> list[CallSite]:
    """Return the call sites for a kind: every second call of each operation, or the only one."""
    (which,) = (pair.index(kind) for pair in PAIRS if kind in pair)
    sorts = [(place.process, place.call) for place in places]
    there_are, seen, chosen = Counter(sorts), Counter[tuple[str, str]](), []
    for place, sort in zip(places, sorts, strict=True):
        if there_are[sort] == 1 or seen[sort] % 2 == which:
            chosen.append(place)
        seen[sort] += 1
    return chosen
