"""Which of AWS's answers go wrong, drawn by a seeded generator. Pure.

Each service has a generator of its own, so that one service's faults do not depend on how often
another one is called. Its kinds of faults come in rounds, each once a round in a random order, so
that a service with as many faults as kinds has had them all.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What happens to a request."""

    DELAY = "delay"
    """It is sent on late, and answered."""
    LOST_ANSWER = "lost-answer"
    """AWS executes it; the connection is closed without an answer."""
    RESET_AFTER = "reset-after"
    """AWS executes it; the connection is reset without an answer."""
    CUT_ANSWER = "cut-answer"
    """AWS executes it; the connection is reset in the middle of the answer's body."""
    ERROR_AFTER = "error-after"
    """AWS executes it and answers 500."""
    RESET_BEFORE = "reset-before"
    """The connection is reset before AWS has the request."""
    ERROR_500 = "error-500"
    """AWS answers 500 and executes nothing."""
    ERROR_503 = "error-503"
    """AWS answers 503 and executes nothing."""
    THROTTLE = "throttle"
    """AWS answers that there are too many requests, and executes nothing."""

    @property
    def is_executed(self) -> bool:
        """Whether AWS executes the request."""
        return self in EXECUTED


EXECUTED = frozenset(
    {Fault.DELAY, Fault.LOST_ANSWER, Fault.RESET_AFTER, Fault.CUT_ANSWER, Fault.ERROR_AFTER}
)
ALL = tuple(Fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """The share of a service's requests that go wrong, and how."""

    share: float
    kinds: tuple[Fault, ...] = ALL
    delays_s: tuple[float, float] = (0.05, 1.5)


QUIET = Rate(share=0)


@dataclass
class Draws:
    """Draws the faults of services; services without a rate have none."""

    seed: int
    rates: Mapping[str, Rate]
    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Requests by service, operation and fault ("" for none)."""
    _generators: dict[str, random.Random] = field(default_factory=dict)
    _rounds: dict[str, list[Fault]] = field(default_factory=dict)
    """The faults that are left of each service's round."""

    def draw(self, service: str, operation: str) -> Fault | None:
        """Return the fault of a service's next request, and count it."""
        rate = self.rates.get(service, QUIET)
        is_drawn = self._generator(service).random() < rate.share
        fault = self._next_kind(service, rate.kinds) if is_drawn else None
        self.counts[service, operation, fault or ""] += 1
        return fault

    def delay_s(self, service: str) -> float:
        """Return how late a delayed request is sent on."""
        rate = self.rates[service]
        return self._generator(service).uniform(*rate.delays_s)

    def injected(self) -> Counter[tuple[str, str]]:
        """Return how often each fault was injected, by service and fault."""
        totals: Counter[tuple[str, str]] = Counter()
        for (service, _, fault), count in self.counts.items():
            if fault:
                totals[service, fault] += count
        return totals

    def never_injected(self, *services: str) -> list[str]:
        """Return the faults of these services that were never injected, to be empty."""
        injected = self.injected()
        return [
            f"{service}: {kind}"
            for service in services
            for kind in self.rates[service].kinds
            if not injected[service, kind]
        ]

    def _next_kind(self, service: str, kinds: tuple[Fault, ...]) -> Fault:
        left = self._rounds.setdefault(service, [])
        if not left:
            left += kinds
            self._generator(service).shuffle(left)
        return left.pop()

    def _generator(self, service: str) -> random.Random:
        if service not in self._generators:
            seed = f"{self.seed} {service}"
            self._generators[service] = random.Random(seed)  # noqa: S311 - faults, not secrets
        return self._generators[service]


def report(named: Iterable[tuple[str, Draws]]) -> str:
    """Return a table of what was injected, one line per side, service, operation and fault."""
    lines = [f"{'side':<10} {'service':<12} {'operation':<24} {'fault':<13} {'requests':>9}"]
    for side, draws in named:
        for (service, operation, fault), count in sorted(draws.counts.items()):
            name = fault or "none"
            lines.append(f"{side:<10} {service:<12} {operation:<24} {name:<13} {count:>9,}")
    return "\n".join(lines)
