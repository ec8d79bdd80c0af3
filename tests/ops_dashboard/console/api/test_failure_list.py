from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import urlencode

import pytest

from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.rows import RefusalReason, RowRefusal
from tests.fakes.ingest.aws import OUTPUT
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.table import OpsTable
from tests.ops_dashboard.console.running import RunningConsole

A, B = header("batch-a", images=2), header("batch-b", images=2)
FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture(autouse=True)
def _filled(ops_table: OpsTable) -> None:
    """Four windows with failures of five, and two refused rows."""
    ops_table.fold("ann", range(6), A, NOW_S)
    ops_table.fold("ben", range(4), B, NOW_S + 60)
    ops_table.end("ann:000001", "completed", images_ok=2)
    ops_table.end("ann:000002", "partial", images_ok=1, failures={"timeout": 1})
    ops_table.end("ann:000003", "failed", failures={"expired": 2}, error="no image")
    ops_table.end("ben:000001", "failed", error="killed")
    ops_table.end("ben:000002", "partial", images_ok=1, failures={"expired": 1})
    RefusedRows(ops_table.aws.s3, OUTPUT, "batch-a").store(
        [
            RowRefusal(reason=reason, creator=FORMULA, cover="{", created_at="x", detail="bad")
            for reason in (RefusalReason.EXPIRED, RefusalReason.BAD_JSON)
        ]
    )


def names(found: Any) -> list[str]:  # noqa: ANN401 - JSON
    return [
        each["window"]["window_id"] if each.get("window") else f"row {each['row']['reason']}"
        for each in found["failures"]
    ]


def listed(console: RunningConsole, **wanted: str) -> list[str]:
    found: list[str] = []
    after = ""
    while True:
        page = console.get(f"/api/failures?{urlencode(wanted)}&after={after}").json
        found += names(page)
        after = page["next"]
        if after is None:
            return found


WINDOWS = ["ben:000002", "ben:000001", "ann:000003", "ann:000002"]
ROWS = ["row expired", "row bad_json"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, WINDOWS + ROWS),
        ({"what": "windows"}, WINDOWS),
        ({"what": "rows"}, ROWS),
        ({"batch": "batch-a"}, [*WINDOWS[2:], *ROWS]),
        ({"batch": "batch-a", "reason": "expired"}, ["ann:000003", "row expired"]),
        ({"reason": "bad_json"}, ["row bad_json"]),
        ({"reason": "no_reason"}, ["ben:000001"]),
        ({"reason": "timeout"}, ["ann:000002"]),
        ({"kind": "passing"}, ["ben:000001", "ann:000002"]),
        ({"kind": "permanent", "what": "windows"}, ["ben:000002", "ann:000003"]),
        ({"status": "failed"}, ["ben:000001", "ann:000003"]),
        ({"creator": "BE"}, ["ben:000002", "ben:000001"]),
        ({"creator": "cmd"}, ROWS),
        ({"to": "2001-01-01"}, []),
        ({"discarded": "yes"}, []),
    ],
)
def test_a_filter_is_of_the_list_the_totals_and_the_ids(
    console: RunningConsole, wanted: dict[str, str], expected: list[str]
) -> None:
    assert listed(console, **wanted) == expected
    totals = console.get(f"/api/failures/totals?{urlencode(wanted)}").json
    windows = [each for each in expected if not each.startswith("row")]
    assert totals["windows"]["total"] == len(windows)
    assert totals["rows"]["total"] == len(expected) - len(windows)
    assert console.get(f"/api/failures/ids?{urlencode(wanted)}").json["ids"] == windows


def test_totals_count_a_window_for_each_of_its_reasons(console: RunningConsole) -> None:
    totals = console.get("/api/failures/totals").json
    assert totals["windows"]["by_reason"] == {"expired": 2, "timeout": 1, "no_reason": 1}
    assert totals["rows"]["by_reason"] == {"expired": 1, "bad_json": 1}


def test_failures_can_be_discarded_and_listed_again(console: RunningConsole) -> None:
    change = {"windows": ["ann:000003", "ben:000001"]}
    assert console.post("/api/failures/discard", change).json == {"windows": 2}
    assert listed(console, what="windows") == ["ben:000002", "ann:000002"]
    assert console.get("/api/failures/totals").json["windows"]["total"] == 2
    assert listed(console, discarded="yes") == ["ben:000001", "ann:000003"]
    console.post("/api/failures/discard", {**change, "undo": True})
    assert listed(console, what="windows") == WINDOWS


def test_new_failures_are_found_by_time(console: RunningConsole) -> None:
    newer = console.get("/api/failures?newer=2001-01-01&batch=batch-b").json
    assert names(newer) == WINDOWS[:2]
    assert console.get("/api/failures?newer=2100-01-01&what=rows").json["failures"] == []


def test_the_csv_has_what_is_filtered_and_no_formula(console: RunningConsole) -> None:
    response = console.get("/api/failures/csv?batch=batch-a")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(response.text)))
    assert [each["window_id"] for each in lines] == ["ann:000003", "ann:000002", "", ""]
    assert [each["reasons"] for each in lines] == [
        "expired:2",
        "timeout:1",
        "expired:1",
        "bad_json:1",
    ]
    assert lines[0]["what_is_wrong"] == "no image"
    assert {each["creator"] for each in lines[2:]} == {f"'{FORMULA}"}
    assert console.get("/api/failures/csv?reason=bad").status == 400


def test_a_cursor_of_another_list_is_rejected(console: RunningConsole) -> None:
    for after in ("x", "windows.e30", "rows.!"):
        assert console.get(f"/api/failures?after={after}").status in {200, 400}
    assert console.get("/api/failures?after=x").status == 400
