"""States that become unreadable, and readable again: by a newer release, or by a repair."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ops_dashboard.repair.repairs import Repairs
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import NotFoundError
from tests.fakes.ingest.aws import OUTPUT, TABLE
from tests.faults.harness import history
from tests.faults.harness.aws.index import Key
from tests.faults.harness.simulated_account import SimulatedAccount

_GARBAGE = {"B": b"of a later release"}
WAYS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("body", _GARBAGE),
    ("version", {"S": "seven"}),
    ("next_window", {"N": "1"}),
    ("accepted", {"S": "many"}),
    ("seen", _GARBAGE),
)
"""An attribute and its wrong value. The body comes back as it was, with a newer release; the others
are repaired by `ops-dashboard repair`."""


@dataclass(frozen=True)
class _Corrupted:
    key: Key
    name: str
    wrong: dict[str, Any]
    before: dict[str, Any]


class Corruption:
    """Corrupts and heals states of one account."""

    def __init__(self, account: SimulatedAccount) -> None:
        self._account = account
        self._corrupted: list[_Corrupted] = []
        self.happened = False
        """Whether any state was ever unreadable."""

    def apply(self, step: history.Corrupt | history.Heal) -> None:
        """Run one of these steps of a history."""
        if isinstance(step, history.Corrupt):
            self.corrupt(step.which, step.way)
        else:
            self.heal(step.which)

    def corrupt(self, which: int, way: int) -> None:
        """Corrupt a state that can be read, if there is one."""
        busy = {each.key for each in self._corrupted}
        states = sorted(key for key in self._account.dynamodb.items if key[1] == table.STATE)
        free = [key for key in states if key not in busy]
        name, wrong = WAYS[way % len(WAYS)]
        if free:
            key = free[which % len(free)]
            before = self._account.dynamodb.items[key][name]
            self._corrupted.append(_Corrupted(key, name, wrong, before))
            self._set(key, name, wrong)
            self.happened = True

    def heal(self, which: int) -> None:
        """Let one of the corrupted states be readable, unless a paused process has replaced it."""
        if not self._corrupted:
            return
        each = self._corrupted.pop(which % len(self._corrupted))
        if self._account.dynamodb.items[each.key][each.name] != each.wrong:
            return
        if each.name == "body":
            self._set(each.key, each.name, each.before)
            return
        dynamodb: Any = self._account.dynamodb
        s3: Any = self._account.s3
        repairs = Repairs(dynamodb, s3, TABLE, OUTPUT, self._account.clock)
        try:
            repairs.apply(repairs.plan(*each.key))
        except NotFoundError:
            return  # no window was closed before: its number is right by chance

    def heal_all(self) -> None:
        """Heal every state."""
        while self._corrupted:
            self.heal(0)

    def _set(self, key: Key, name: str, value: dict[str, Any]) -> None:
        self._account.dynamodb.write(key, {**self._account.dynamodb.items[key], name: value})
