"""The AWS calls of a run, at each of which a fault can be injected. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from tests.faults.harness.injector import Kind

KINDS = (
    Kind.KILLED_BEFORE,
    Kind.KILLED_AFTER,
    Kind.LOST,
    Kind.RETRIED,
    Kind.PARTIAL,
    Kind.DENIED,
)
"""In the normal suite calls of an operation get these in turn; in the slow one each gets all."""


class CallSite(NamedTuple):
    """One call: the `nth` of the `invocation`-th process of this kind."""

    process: str
    invocation: int
    nth: int
    call: str


def share_of(places: Sequence[CallSite], kind: Kind) -> list[CallSite]:
    """Return the call sites for a kind of fault: every sixth call of each operation.

    An operation with fewer calls gets every kind all the same.
    """
    which = KINDS.index(kind)
    sorts = [(place.process, place.call) for place in places]
    there_are, seen, chosen = Counter(sorts), Counter[tuple[str, str]](), []
    for place, sort in zip(places, sorts, strict=True):
        if seen[sort] % len(KINDS) == which % min(there_are[sort], len(KINDS)):
            chosen.append(place)
        seen[sort] += 1
    return chosen
