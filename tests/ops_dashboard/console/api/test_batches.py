from __future__ import annotations

import pytest

from ops_dashboard.console.api import batches as module
from ops_dashboard.console.api.batches import Batches
from stream_ingest.batches.progress import Batch, Counted
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
    assert console.get("/api/batches/two").json["outcome"] == {
        "kind": "processing", "level": "busy", "text": "processing rows",
    }  # fmt: skip
    assert console.get("/api/batches/four").status == 404


def test_only_the_newest_are_listed_and_all_are_counted(
    ops_table: OpsTable,
) -> None:
    for number in range(4):
        ops_table.aws.registry.register(header(f"b{number}"))
        ops_table.aws.clock.advance(60)
    found = Batches(ops_table.aws.registry, _not_called, max_batches=2).read()
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
    of_registry = Batches(registry, _not_called)
    for _ in range(3):
        (row,) = of_registry.read().batches
        assert row.progress.ended
    assert reads == ["done"]


def _not_called(_: str) -> Batch:
    raise AssertionError


def test_a_batch_can_be_abandoned(
    console: RunningConsole, ops_table: OpsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = ops_table.aws.registry
    monkeypatch.setattr(module, "abandon", registry.abandon)  # as a user named like the stack
    registry.register(header("b"))
    answer = console.post("/api/batches/b/abandon", {})
    assert (answer.status, answer.json["batch_id"]) == (202, "b")
    progress = console.get("/api/batches/b").json["progress"]
    assert (progress["status"], progress["abandoned_by"]) == ("abandoning", "test")
    registry.move("b", "abandoning", "abandoned")
    again = console.post("/api/batches/b/abandon", {})
    assert again.status == 400
    assert "was abandoned already" in again.json["error"]
    assert console.post("/api/batches/c/abandon", {}).status == 404
