"""Hypothesis strategies for what happens to files."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

from tests.faults.harness.files import steps as files
from tests.faults.harness.injector import Fault, Kind

_PAUSES = frozenset({Kind.PAUSED_BEFORE, Kind.PAUSED_AFTER})
Faults = st.SearchStrategy[tuple[Fault, ...]]


def plans() -> st.SearchStrategy[tuple[files.FilePlan, ...]]:
    """Draw one or two files of several chunks, with images that the batches have, too."""
    row = st.tuples(st.integers(0, 2), st.integers(0, 12))
    plan = st.builds(files.FilePlan, rows=st.lists(row, min_size=1, max_size=12).map(tuple))
    return st.lists(plan, min_size=1, max_size=2).map(tuple)


def steps(faults: Faults) -> Iterator[st.SearchStrategy[files.FileStep]]:
    """Yield strategies of steps, the usual ones several times.

    An invocation is never paused: Lambda ends it before its claim does, and others wait for that.
    """
    running = faults.map(lambda each: tuple(one for one in each if one.kind not in _PAUSES))
    small, times, often = st.integers(0, 5), st.integers(1, 3), st.booleans()
    yield st.builds(files.Drop, small, st.sampled_from((True, True, False)))
    yield st.builds(files.Announce, small)
    for _ in range(4):
        yield st.builds(files.Read, small, times, often, running)
    yield st.builds(files.ReadAgain, small, often, running)
    yield st.builds(files.RedriveLetter, small, running)
    yield st.builds(files.DropLetter, small, running)
