from __future__ import annotations

import pytest

from ops_dashboard.console.api.batches import Batches
from stream_ingest.batches.progress import Counted
from stream_ingest.batches.registry import Totals
from stream_ingest.records.codec import BUCKETS
from tests.fakes.ingest.rows import header
from tests.fakes.ops.table import OpsTable
from tests.ops_dashboard.console.running import RunningConsole


def test_batches_come_newest_first_with_their_progress(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    registry = ops_table.aws.registry
    for name in ("one", "two", "three"):
        registry.register(header(name))
        ops_table.aws.clock.advance(60)
    registry.record_totals(
        "two", Totals(rows_read=3, rows_sent=2, refused={"no_url": 1}), sent=True
    )
    found = console.get("/api/batches").json
    assert [row["progress"]["batch_id"] for row in found["batches"]] == ["three", "two", "one"]
    assert found["total"] == 3
    two = console.get("/api/batches/two").json["progress"]
    assert (two["status"], two["rows_read"], two["refused"]) == ("sent", 3, {"no_url": 1})
    assert console.get("/api/batches/four").status == 404


def test_only_the_newest_are_listed_and_all_are_counted(
    ops_table: OpsTable,
) -> None:
    for number in range(4):
        ops_table.aws.registry.register(header(f"b{number}"))
        ops_table.aws.clock.advance(60)
    found = Batches(ops_table.aws.registry, max_batches=2).read()
    assert [row.progress.batch_id for row in found.batches] == ["b3", "b2"]
    assert found.total == 4


def test_the_progress_of_an_ended_batch_is_cached(
    ops_table: OpsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = ops_table.aws.registry
    registry.register(header("done"))
    registry.record_totals("done", Totals(), sent=True)
    registry.record_drained("done", set(range(BUCKETS)))
    registry.record_count("done", Counted(final=True))
    reads: list[str] = []
    progress = registry.progress
    monkeypatch.setattr(registry, "progress", lambda each: reads.append(each) or progress(each))
    of_registry = Batches(registry)
    for _ in range(3):
        (row,) = of_registry.read().batches
        assert row.progress.ended
    assert reads == ["done"]
