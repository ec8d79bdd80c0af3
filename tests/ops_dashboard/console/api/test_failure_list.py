from __future__ import annotations

import csv
import http.client
import io
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from moto.s3.models import s3_backends

from ops_dashboard.console.account import Account
from ops_dashboard.console.api import failure_list as module
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.rows import RefusalReason, RowRefusal
from tests.fakes.ingest.aws import OUTPUT
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.table import OpsTable
from tests.ops_dashboard.console.running import RunningConsole
from tests.ops_dashboard.console.unanswered import unanswered

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
        ({}, ROWS + WINDOWS),
        ({"what": "windows"}, WINDOWS),
        ({"what": "rows"}, ROWS),
        ({"batch": "batch-a"}, [*ROWS, *WINDOWS[2:]]),
        ({"batch": "batch-a", "reason": "expired"}, ["row expired", "ann:000003"]),
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
    named = console.get(f"/api/failures/ids?{urlencode(wanted)}").json
    assert named["ids"] == windows
    assert len(set(named["rows"])) == len(expected) - len(windows)
    assert named["complete"]


def test_totals_count_a_window_for_each_of_its_reasons(console: RunningConsole) -> None:
    totals = console.get("/api/failures/totals").json
    assert totals["windows"]["by_reason"] == {"expired": 2, "timeout": 1, "no_reason": 1}
    assert totals["rows"]["by_reason"] == {"expired": 1, "bad_json": 1}


def test_failures_can_be_discarded_and_listed_again(console: RunningConsole) -> None:
    change = {"windows": ["ann:000003", "ben:000001"]}
    assert console.post("/api/failures/discard", change).json == {"windows": 2, "rows": 0}
    assert listed(console, what="windows") == ["ben:000002", "ann:000002"]
    assert console.get("/api/failures/totals").json["windows"]["total"] == 2
    assert listed(console, discarded="yes") == ["ben:000001", "ann:000003"]
    console.post("/api/failures/discard", {**change, "undo": True})
    assert listed(console, what="windows") == WINDOWS


def test_refused_rows_can_be_discarded_and_listed_again(console: RunningConsole) -> None:
    """One of them, and together with a window."""
    rows = {
        each["row"]["reason"]: each["row"]["id"]
        for each in console.get("/api/failures?what=rows").json["failures"]
    }
    change = {"rows": [rows["expired"]], "windows": ["ann:000003"]}
    assert console.post("/api/failures/discard", change).json == {"windows": 1, "rows": 1}
    assert listed(console) == ["row bad_json", *WINDOWS[:2], WINDOWS[3]]
    totals = console.get("/api/failures/totals").json
    assert totals["rows"] == {"total": 1, "by_reason": {"bad_json": 1}, "complete": True}
    assert console.get("/api/failures/ids").json["rows"] == [rows["bad_json"]]
    assert listed(console, discarded="yes") == ["row expired", "ann:000003"]
    assert len(console.get("/api/failures/csv?discarded=yes").text.splitlines()) == 3
    console.post("/api/failures/discard", {**change, "undo": True})
    assert listed(console) == ROWS + WINDOWS


@pytest.mark.parametrize(
    "change",
    [{}, {"windows": [], "rows": []}, {"rows": ["ann:000003"]}, {"rows": ["A" * 32]}],
)
def test_only_windows_and_rows_are_discarded(
    console: RunningConsole, change: dict[str, list[str]]
) -> None:
    assert console.post("/api/failures/discard", change).status == 400


MIXED = [
    *("row after", "ben:000002", "ben:000001", "row expired", "row bad_json"),
    *("ann:000003", "ann:000002", "row before"),
]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 60])
def test_windows_and_rows_are_in_one_order_on_pages_of_any_size(
    console: RunningConsole, account: Account, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Two rows came between the windows of `ann` and of `ben`, a minute later."""
    store_at("batch-a", NOW_S + 30)
    for name, at_s in (("before", NOW_S - 30), ("after", NOW_S + 90)):
        reason = RefusalReason.NO_URL
        refusal = RowRefusal(reason=reason, creator=name, cover="", created_at="x")
        RefusedRows(account.s3, OUTPUT, name).store([refusal])
        store_at(name, at_s)
    monkeypatch.setattr(module, "_PAGE_SIZE", size)

    def label(failure: Any) -> str:  # noqa: ANN401 - JSON
        row = failure.get("row")
        own = row and (row["creator"] if row["reason"] == "no_url" else row["reason"])
        return f"row {own}" if row else failure["window"]["window_id"]

    found: list[str] = []
    after = ""
    while True:
        page = console.get(f"/api/failures?after={after}").json
        assert len(page["failures"]) <= size
        found += map(label, page["failures"])
        after = page["next"]
        if after is None:
            break
    assert found == MIXED
    lines = list(csv.DictReader(io.StringIO(console.get("/api/failures/csv").text)))
    assert [each["at"] for each in lines] == sorted([each["at"] for each in lines], reverse=True)
    assert len(lines) == len(MIXED)


def test_what_comes_and_goes_between_two_pages_repeats_and_hides_nothing_else(
    console: RunningConsole, ops_table: OpsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_at("batch-a", NOW_S + 30)
    monkeypatch.setattr(module, "_PAGE_SIZE", 3)
    first = console.get("/api/failures").json
    assert names(first) == ["ben:000002", "ben:000001", "row expired"]
    ops_table.fold("cleo", range(2), B, NOW_S + 600)
    ops_table.end("cleo:000001", "failed", error="killed")
    ops_table.end("ben:000001", "completed", images_ok=2)
    second = console.get(f"/api/failures?after={first['next']}").json
    assert names(second) == ["row bad_json", "ann:000003", "ann:000002"]
    assert second["next"] is None


def store_at(batch: str, at_s: int) -> None:
    """Let the part files of a batch be stored at an epoch second."""
    (bucket,) = (
        each.buckets[OUTPUT]
        for account in s3_backends.values()
        for each in account.values()
        if OUTPUT in each.buckets
    )
    keys = [key for key in bucket.keys if f"/{batch}/" in key]
    assert keys
    for key in keys:
        bucket.keys[key].last_modified = datetime.fromtimestamp(at_s, UTC).replace(tzinfo=None)


def test_new_failures_are_found_by_time(console: RunningConsole) -> None:
    newer = console.get("/api/failures?newer=2001-01-01&batch=batch-b").json
    assert names(newer) == WINDOWS[:2]
    assert names(console.get("/api/failures?newer=2001-01-01&batch=batch-a").json) == [
        *WINDOWS[2:],
        *ROWS,
    ]
    assert console.get("/api/failures?newer=2100-01-01").json["failures"] == []


def test_a_failure_of_the_second_in_which_the_list_was_read_is_new(console: RunningConsole) -> None:
    """Browsers name a moment to the millisecond."""
    rows = console.get("/api/failures?what=rows").json["failures"]
    latest = rows[0]["row"]["stored_at"][:19]
    newer = console.get(f"/api/failures?what=rows&newer={latest}.999Z").json["failures"]
    assert rows[0] in newer


def test_the_csv_has_what_is_filtered_and_no_formula(console: RunningConsole) -> None:
    response = console.get("/api/failures/csv?batch=batch-a")
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(response.text)))
    assert [each["window_id"] for each in lines] == ["", "", "ann:000003", "ann:000002"]
    assert [each["reasons"] for each in lines] == [
        "expired:1",
        "bad_json:1",
        "expired:2",
        "timeout:1",
    ]
    assert lines[2]["what_is_wrong"] == "no image"
    assert {each["creator"] for each in lines[:2]} == {f"'{FORMULA}"}
    assert console.get("/api/failures/csv?reason=bad").status == 400


def test_a_cursor_of_another_list_is_rejected(console: RunningConsole) -> None:
    for after in ("x", "windows.e30", "eyJ0aW1lIjp7ImEiOiIxIn19"):
        assert console.get(f"/api/failures?after={after}").status == 400


@pytest.mark.parametrize("what", ["", "?what=rows"])
def test_a_csv_is_cut_off_where_aws_fails(
    console: RunningConsole, account: Account, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """So that whoever reads it sees a failed download, and not a short file."""
    monkeypatch.setattr(module, "_LINES_AT_ONCE", 1)
    stored = RefusedRows(account.s3, OUTPUT, "batch-a")
    reason = RefusalReason.NO_URL
    refusal = RowRefusal(reason=reason, creator="c", cover="", created_at="")
    stored.parts = 1
    stored.store([refusal] * 3)
    with (
        unanswered(account, "part-00001"),
        pytest.raises((http.client.IncompleteRead, ConnectionError)),
    ):
        console.get(f"/api/failures/csv{what}")


def test_a_csv_of_which_nothing_can_be_read_is_an_error(
    console: RunningConsole, account: Account
) -> None:
    with unanswered(account, "part-00001"):
        answer = console.get("/api/failures/csv")
    assert answer.status >= 500
    assert "part-00001" in answer.json["error"]
