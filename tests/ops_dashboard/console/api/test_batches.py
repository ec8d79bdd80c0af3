from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest

from ops_dashboard.console.api import batches as module
from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.records.codec import BUCKETS
from tests.fakes.ingest.aws import OUTPUT
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
    assert found["next"] is None
    two = console.get("/api/batches/two").json["progress"]
    assert (two["status"], two["rows_read"], two["refused"]) == ("sent", 3, {"no_url": 1})
    assert console.get("/api/batches/two").json["outcome"] == {
        "kind": "processing", "level": "busy", "text": "processing rows",
    }  # fmt: skip
    assert console.get("/api/batches/four").status == 404


def test_a_batch_has_what_its_page_shows(console: RunningConsole, ops_table: OpsTable) -> None:
    batch = header("b", images=2)
    ops_table.aws.registry.register(batch, "s3://input/covers.csv")
    ops_table.fold("ann", range(4), batch)
    values = {"images_ok": 1, "images_failed": 1, "failures": {"timeout": 1}}
    ops_table.end("ann:000001", "partial", **values, duration_ms=800, collage_key="k")
    totals = Totals(rows_read=5, rows_sent=4, refused={"no_url": 1})
    ops_table.aws.registry.record_totals("b", totals, sent=True)
    found = console.get("/api/batches/b").json
    assert found["failures"] == {"timeout": 1}
    assert found["can_retry"]
    assert found["is_complete"]
    assert found["sent_at"] is not None
    assert found["cost"]["per_thousand_collages_usd"] > 0
    assert {"name": "images per collage", "value": "at most 2"} in found["settings"]
    assert [each["uri"] for each in found["objects"]] == [
        "s3://input/covers.csv",
        f"s3://{OUTPUT}/failed/rows/b/",
    ]
    tiles = console.get("/api/batches/b/windows").json["windows"]
    assert [each["window_id"] for each in tiles] == ["ann:000001", "ann:000002"]


def test_a_batch_that_has_ended_has_its_summary(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    """Which is in S3; until it is there, the batch is shown without it."""
    registry, app = ops_table.aws.registry, ops_table.aws.sweeper_app()
    registry.register(header("b"))
    registry.record_totals("b", Totals(), sent=True)
    registry.record_drained("b", set(range(BUCKETS)))
    assert console.get("/api/batches/b").json["ended_at"] is None
    app.sweeper.sweep()
    found = console.get("/api/batches/b").json
    assert found["outcome"]["text"] == "ended · no rows"
    assert found["ended_at"] is not None
    assert [each["name"] for each in found["objects"]] == ["summary", "list of windows at its end"]


def query(since: datetime, until: datetime) -> str:
    return urlencode({"from": since.isoformat(), "to": until.isoformat()})


def test_lists_are_filtered_and_wrong_filters_name_what_is_wrong(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    ops_table.aws.registry.register(header("one"))
    at = from_epoch_s(int(ops_table.aws.clock()))
    second, hour = timedelta(seconds=1), timedelta(hours=1)

    def listed(query: str) -> list[str]:
        found = console.get(f"/api/batches?{query}").json["batches"]
        return [row["progress"]["batch_id"] for row in found]

    assert listed("outcome=open") == listed("outcome=sending") == ["one"]
    assert listed(query(since=at, until=at + second)) == ["one"]
    assert listed(query(since=at + second, until=at + hour)) == []
    assert listed(query(since=at - hour, until=at)) == []
    assert listed("outcome=problems") == listed("to=2001-01-01") == []
    answer = console.get("/api/batches?outcome=fine")
    assert answer.status == 400
    assert "expected one of open, problems, sending" in answer.json["error"]
    assert console.get("/api/batches?from=29.11.2026").json["error"].startswith("date '29.11")


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
