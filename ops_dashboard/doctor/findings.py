"""What a check is, and what it found. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec


class State(StrEnum):
    """Result of a check."""

    OK = "ok"
    NOTE = "note"
    """It works, but needs attention."""
    WRONG = "wrong"
    SKIPPED = "skipped"


class Kind(StrEnum):
    """What is wrong with a part of a stack, for programs: words of findings change."""

    MISSING = "missing"
    """It does not exist."""
    STOPPED = "stopped"
    """It exists, and processes or passes on nothing."""
    CHANGED = "changed"
    """It works, otherwise than it was deployed."""
    RAISED = "raised"
    """It is an alarm that is raised."""
    DENIED = "denied"
    """It could not be checked for lack of a right, which says nothing about the stack."""


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong with a part."""

    text: str
    kind: Kind = Kind.CHANGED


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found, and how to fix it."""

    check: str
    state: State
    found: str
    do: str | None = None
    kinds: tuple[Kind, ...] = ()
    """What is wrong, if that is one of `Kind`; each once."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check: `run` returns what it found, or raises; `do` is how to fix that.

    `do` is None if the error itself says so.
    """

    name: str
    run: Callable[[], Finding | str]
    do: str | None = None


def skipped(check: str, why: str) -> Finding:
    """Return the finding of a check that was skipped."""
    return Finding(check=check, state=State.SKIPPED, found=why)


def passed(check: str, found: str) -> Finding:
    """Return the finding on something that is as it should be."""
    return Finding(check=check, state=State.OK, found=found)


def note(check: str, found: str, do: str) -> Finding:
    """Return the finding on something that works, but needs attention."""
    return Finding(check=check, state=State.NOTE, found=found, do=do)


def wrong(check: str, found: str, do: str, *kinds: Kind) -> Finding:
    """Return the finding on something that does not work."""
    return Finding(check=check, state=State.WRONG, found=found, do=do, kinds=kinds)


def judged(check: str, problems: Sequence[Problem], good: str, do: str) -> Finding:
    """Return the finding on `problems`, or on `good` if there are none."""
    if problems:
        kinds = sorted({problem.kind for problem in problems}, key=list(Kind).index)
        return wrong(check, "; ".join(problem.text for problem in problems), do, *kinds)
    return passed(check, good)


def missing(text: str) -> Problem:
    """Return the problem of a part that does not exist."""
    return Problem(text, Kind.MISSING)


def stopped(text: str) -> Problem:
    """Return the problem of a part that processes nothing."""
    return Problem(text, Kind.STOPPED)
