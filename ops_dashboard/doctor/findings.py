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


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found, and how to fix it."""

    check: str
    state: State
    found: str
    do: str | None = None


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


def wrong(check: str, found: str, do: str) -> Finding:
    """Return the finding on something that does not work."""
    return Finding(check=check, state=State.WRONG, found=found, do=do)


def judged(check: str, problems: Sequence[str], good: str, do: str) -> Finding:
    """Return the finding on `problems`, or on `good` if there are none."""
    if problems:
        return wrong(check, "; ".join(problems), do)
    return passed(check, good)
