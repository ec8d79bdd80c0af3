"""Waits for what a step expects, and says why it does not come. Edge, by way of its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec

from ops_dashboard.doctor.findings import Finding, Kind
from ops_dashboard.smoke.steps import StepFailedError

STALL_S = 10.0
"""After this time without success, the parts of the stack are checked, again and again."""
WRONG_S = 25.0
"""A step whose parts are missing or switched off fails after this time."""
_POLL_S = 0.5
_STOPS = frozenset({Kind.MISSING, Kind.STOPPED})
"""What is wrong with parts that process nothing, in contrast to parts that were changed."""
_SAY_EVERY_S = 5.0


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at the stack showed."""

    is_done: bool
    text: str


def stops(finding: Finding) -> bool:
    """Return whether nothing can go on until the part is as it was deployed. Pure."""
    return not _STOPS.isdisjoint(finding.kinds)


class Causes(Protocol):
    """Where causes are looked for (`diagnosis.Diagnosis`)."""

    def wrong_parts(self) -> list[Finding]:
        """Return the findings about parts that are missing or switched off."""

    def errors(self, functions: Iterable[str]) -> list[str]:
        """Return the latest error in the log of each function that has one."""


class Waiting:
    """Waits for one condition after the other."""

    def __init__(
        self,
        causes: Causes,
        *,
        stack: str,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        say: Callable[[str], None],
    ) -> None:
        """`clock` gives seconds; `say` gets a line about what is waited for, every five seconds."""
        self._causes, self._stack = causes, stack
        self._clock, self._sleep, self._say = clock, sleep, say

    def wait(
        self, expected: str, look: Callable[[], Seen], functions: Iterable[str], limit_s: float
    ) -> str:
        """Return what `look` saw once it is done; raises `StepFailedError` after `limit_s` seconds.

        `functions` are the names of the functions that have to do it.
        """
        started = self._clock()
        said = stalled = started
        wrong: list[Finding] = []
        while not (seen := look()).is_done:
            now = self._clock()
            if now - stalled >= STALL_S:
                wrong, stalled = list(filter(stops, self._causes.wrong_parts())), self._clock()
            if now - started >= (min(limit_s, WRONG_S) if wrong else limit_s):
                raise self._failure(expected, seen.text, functions, now - started)
            if now - said >= _SAY_EVERY_S:
                said = now
                self._say(f"waiting ({now - started:.0f} s): {seen.text}")
            self._sleep(_POLL_S)
        return seen.text

    def _failure(
        self, expected: str, text: str, functions: Iterable[str], waited_s: float
    ) -> StepFailedError:
        """Return the error, with the causes as they are now."""
        names = list(functions)
        wrong = self._causes.wrong_parts()
        found = [text, *(f"{each.check}: {each.found}" for each in wrong)]
        further = [each.do for each in wrong if each.do]
        found += self._causes.errors(names)
        further.append(f"ops-dashboard doctor --stack {self._stack}")
        further += [f"the log /aws/lambda/{name}" for name in names]
        further.append(f"ops-dashboard dlq list --stack {self._stack}")
        return StepFailedError(
            f"{expected} within {waited_s:.0f} s", "; ".join(found), dict.fromkeys(further)
        )
