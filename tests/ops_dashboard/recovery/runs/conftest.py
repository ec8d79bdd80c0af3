"""Runs on moto's table, with a queue that records what it gets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from ops_dashboard.inspect.windows import WindowReader
from ops_dashboard.recovery.rebuild import RebuildReport
from ops_dashboard.recovery.runs import run, runner
from ops_dashboard.recovery.runs.choosing import Order
from ops_dashboard.recovery.runs.counting import RunCounter
from ops_dashboard.recovery.runs.runner import Runner
from ops_dashboard.recovery.runs.store import RunStore
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.table import OpsTable

BATCH = header("batch-a", images=1)
PAGE, WINDOWS = 10, 23


@dataclass
class Queue:
    """Takes windows; before each page it calls `before`, which may raise."""

    sent: list[str] = field(default_factory=list)
    expired: frozenset[str] = frozenset()
    before: Callable[[], None] = lambda: None

    def send(
        self, window_ids: Iterable[str], _name: str, *, skip_permanent: bool = False
    ) -> RebuildReport:
        assert not skip_permanent
        self.before()
        ids = list(window_ids)
        gone = [each for each in ids if each in self.expired]
        self.sent += [each for each in ids if each not in self.expired]
        return RebuildReport(sent=[], expired=gone)


@dataclass
class Archive:
    """Records the replays that are started and cancelled."""

    calls: list[tuple[object, ...]] = field(default_factory=list)

    def start(self, name: str, start: datetime, end: datetime) -> None:
        self.calls.append(("start", name, start, end))

    def cancel(self, name: str) -> None:
        self.calls.append(("cancel", name))


@dataclass
class RunsBench:
    """A table of 23 windows of ann, all ended, with everything that works on runs."""

    table: OpsTable
    clock: list[datetime]
    queue: Queue
    archive: Archive
    store: RunStore
    windows: WindowReader

    def runner(self, owner: str = "ana@laptop") -> Runner:
        return Runner(
            store=self.store,
            windows=self.windows,
            rebuild=self.queue,  # type: ignore[arg-type]  # only `send` is called
            archive=self.archive,  # type: ignore[arg-type]  # as above
            owner=owner,
            now=lambda: self.clock[0],
        )

    def counter(self) -> RunCounter:
        return RunCounter(self.store, self.windows, lambda: self.clock[0])

    def order(self, **changes: object) -> Order:
        wanted: dict[str, object] = {"creators": ("ann",), "until": self.clock[0], **changes}
        return Order(**wanted)  # type: ignore[arg-type]  # fields of an order

    def build(self, name: str, numbers: Iterable[int]) -> None:
        """End windows under a run's name, as the collage function does."""
        for number in numbers:
            self.table.end(f"ann:{number:06d}", "completed", images_ok=1, replayed_as=name)


@pytest.fixture
def bench(ops_table: OpsTable, monkeypatch: pytest.MonkeyPatch) -> RunsBench:
    for module in (run, runner):
        monkeypatch.setattr(module, "PAGE", PAGE)
    ops_table.fold("ann", range(1, WINDOWS + 1), BATCH, NOW_S)
    for number in range(1, WINDOWS + 1):
        ops_table.end(f"ann:{number:06d}", "partial", images_ok=0)
    dynamodb = ops_table.aws.dynamodb
    clock = [datetime.now(UTC) + timedelta(days=1)]
    return RunsBench(
        table=ops_table,
        clock=clock,
        queue=Queue(),
        archive=Archive(),
        store=RunStore(dynamodb, TABLE, lambda: clock[0]),
        windows=WindowReader(dynamodb, TABLE),
    )
