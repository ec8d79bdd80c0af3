"""The functions of the fault histories have the rights of their deployed roles, and need them.

That no call is denied, every history shows. The embedded AWS does not evaluate the conditions of
these rights (`tests/fakes/iam`).
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.iam import roles
from tests.fakes.iam.requests import Authorization
from tests.faults.harness import history
from tests.faults.harness.history_runner import run_to_end
from tests.faults.test_prefetch_faults import SCENARIO

ELSEWHERE = {
    ("collage", "CountRepeats"),
    ("collage", "CheckErasures"),
    ("prefetch", "ReleasePacks"),
    ("sweeper", "CreateJobs"),
    ("sweeper", "NumberWindows"),
    ("sweeper", "ListUnreadable"),
    ("windowing", "MarkStates"),
    ("windowing", "DeferRows"),
}
"""Rights that this history does not use: `tests/stream_ingest/contracts/test_item_writes.py`, and
`tests/stream_ingest/intake/unread`."""
SERVICES = ("dynamodb:", "events:")


def test_every_right_on_the_table_and_on_the_bus_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[tuple[str, str | None]] = set()
    evaluate = roles.allowing

    def record(role: str, needed: Authorization) -> str | None:
        found = evaluate(role, needed)
        used.add((role, found))
        return found

    monkeypatch.setattr(roles, "allowing", record)
    third = replace(SCENARIO.batches[1], rows=tuple((n % 3, 90 + n) for n in range(9)))
    steps = (*SCENARIO.steps, history.Push(2, 9), *(history.Deliver(n, 9) for n in range(2)))
    with run_to_end(
        replace(SCENARIO, contents=True, batches=(*SCENARIO.batches, third), steps=steps)
    ):
        pass
    granted = {
        (role, each["Sid"])
        for role in set(roles.ROLES) - {"intake"}
        for each in roles.statements(role)
        if any(action.startswith(SERVICES) for action in each["Action"])
    }
    assert granted - ELSEWHERE == {each for each in used if each in granted}
