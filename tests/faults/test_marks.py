"""Short histories of a table and its pushes, each of which breaks if a rule of marks is broken.

Generated ones find the same (`test_histories`); these fail in every run, and say which rule it was.
"""

from __future__ import annotations

import pytest

from stream_ingest.contracts.settings import FlushPolicy
from tests.faults.harness.checks.invariants import check_invariants
from tests.faults.harness.checks.mysql_rows import check_rows
from tests.faults.harness.history import History, Step, Wait
from tests.faults.harness.history_runner import run_to_end
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.mysql.steps import (
    Change,
    Drift,
    Follow,
    How,
    Insert,
    MysqlPlan,
    PushTable,
    ResumeTable,
    Rows,
    StopFollower,
)

OVERLAP_S = 1_800
LONGER_S = 2_000
DIES = (Fault(Kind.KILLED_AFTER, 1, service="kinesis"),)
SLOW = Insert(0, 1, slow=0.4, late=0.5)
HISTORIES: dict[str, tuple[Step, ...]] = {
    "a push of one creator does not move the mark": (
        Insert(1, 1, old=True),
        Wait(LONGER_S),
        PushTable(Rows.CREATOR),
    ),
    "a push that leaves a gap does not move the mark": (
        Insert(1, 1, old=True),
        Wait(LONGER_S),
        PushTable(Rows.RECENT, since=0.5),
    ),
    "a transaction that commits after a push is read by the next": (
        SLOW,
        Insert(1, 2),
        PushTable(),
        Wait(LONGER_S),
    ),
    "an old row that commits after a push is read by the next": (
        PushTable(),
        Insert(0, 1, slow=0.4, old=True),
        Insert(1, 2),
        PushTable(),
        Wait(LONGER_S),
    ),
    "a push up to a time leaves the rows after it to the next": (
        Insert(0, 1),
        Wait(OVERLAP_S // 2),
        Insert(1, 2),
        PushTable(Rows.ALL, until=0.2),
        Wait(LONGER_S),
    ),
    "a push that dies does not move the mark, and is resumed": (
        *(Insert(image % 3, image) for image in range(9)),
        PushTable(faults=DIES),
        Wait(LONGER_S),
        PushTable(),
        ResumeTable(),
    ),
    "rows that change are read again": (
        Insert(0, 1),
        Insert(1, 2),
        PushTable(),
        Wait(LONGER_S),
        Change(1, How.REPLACED),
        Change(0, How.REFRESHED),
    ),
    "a follower that dies is continued": (
        SLOW,
        *(Insert(image % 3, image) for image in range(9)),
        Follow(DIES),
        Wait(LONGER_S),
        Follow(),
        Insert(2, 11),
        Follow(),
        StopFollower(killed=True),
    ),
    "the database's clock is set while it is followed": (
        Insert(0, 1),
        Follow(),
        Drift(-1),
        Insert(1, 2),
        Follow(),
        Drift(1),
        Insert(2, 3, slow=0.2),
        Follow(),
        Wait(LONGER_S),
        Follow(),
    ),
}


@pytest.mark.parametrize("has_key", [True, False])
@pytest.mark.parametrize("by_time", [True, False])
@pytest.mark.parametrize("name", HISTORIES)
def test_no_row_of_a_table_stays_unread(name: str, *, by_time: bool, has_key: bool) -> None:
    plan = MysqlPlan(
        has_key=has_key, by_time=by_time, overlap_s=OVERLAP_S, flush=FlushPolicy(kind="never")
    )
    with run_to_end(History(batches=(), steps=HISTORIES[name], mysql=plan)) as run:
        assert run.mysql
        check_invariants(run.account, run.batches)
        check_rows(run.account, run.mysql)
