from __future__ import annotations

from typing import Any

import pytest

from ops_dashboard.console.account import Account
from ops_dashboard.inspect import window_pages
from ops_dashboard.trace.log_search import LogSearch
from ops_dashboard.trace.timeline import LogLine
from stream_ingest.contracts.timestamps import from_epoch_s
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.table import OpsTable
from tests.ops_dashboard.console.running import RunningConsole

BATCH = header("batch-a", images=1)


@pytest.fixture
def failures(ops_table: OpsTable) -> None:
    """Five windows that closed one after another: two failed, one partial, two completed."""
    statuses = ("failed", "completed", "partial", "failed", "completed")
    for number, status in enumerate(statuses):
        creator = ("zoe", "ann")[number % 2]
        ops_table.fold(creator, [number], BATCH, NOW_S + 60 * number)
        ops_table.end(f"{creator}:{number // 2 + 1:06d}", status)


@pytest.mark.usefixtures("failures")
def test_the_next_failure_is_the_one_that_closed_last_before_a_window(
    console: RunningConsole,
) -> None:
    def next_of(window_id: str) -> str | None:
        found: str | None = console.get(f"/api/windows/{window_id}/next-failure").json["window_id"]
        return found

    assert next_of("zoe:000003") == "ann:000002"
    assert next_of("ann:000002") == "zoe:000002"
    assert next_of("zoe:000002") == "zoe:000001"
    assert next_of("zoe:000001") is None
    assert console.get("/api/windows/zoe:000009/next-failure").status == 404


def test_of_windows_that_failed_at_the_same_second_each_is_the_next_failure_once(
    console: RunningConsole, ops_table: OpsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_pages, "PAGE", 5)  # the index is read in so many parts
    for number in range(24):
        creator = f"creator-{number:03d}"
        ops_table.fold(creator, [number], BATCH, NOW_S)
        ops_table.end(f"{creator}:000001", ("failed", "partial")[number % 2])
    seen, here = [], "creator-023:000001"
    while here:
        seen.append(here)
        here = console.get(f"/api/windows/{here}/next-failure").json["window_id"]
    assert seen == [f"creator-{number:03d}:000001" for number in reversed(range(24))]


def timeline(console: RunningConsole, query: str = "") -> dict[str, Any]:
    found: dict[str, Any] = console.get(f"/api/windows/ann:000001/timeline{query}").json
    return found


def test_a_timeline_has_times_and_reasons_and_on_request_the_log_lines(
    console: RunningConsole, ops_table: OpsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    ops_table.fold("ann", [1], BATCH, NOW_S)
    ops_table.end(
        "ann:000001", "failed", error="no worker ended it", completed_at="2099-01-01T00:00:00Z"
    )
    line = LogLine(at=from_epoch_s(NOW_S + 5), service="collage", message="claimed", facts={})
    monkeypatch.setattr(LogSearch, "lines", lambda *_: ([line], None))
    short = timeline(console)
    assert [step["source"] for step in short["steps"]] == ["table", "table"]
    assert short["steps"][0]["facts"] == "images 1, because it was full"
    assert short["steps"][-1]["facts"] == "images in the collage 0, error no worker ended it"
    assert {each["what"]: each["bytes"] for each in short["objects"]}["collage"] is None
    assert "ann:000001" in short["query"]
    whole = timeline(console, "?logs=true")
    assert [step["what"] for step in whole["steps"]] == [
        "window closed",
        "collage: claimed",
        "window failed",
    ]


def test_a_timeline_says_why_it_has_no_log_lines(
    console: RunningConsole, ops_table: OpsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    ops_table.fold("ann", [1], BATCH)
    monkeypatch.setattr(LogSearch, "lines", lambda *_: ([], "not allowed to search the logs"))
    assert timeline(console, "?logs=true")["log_error"] == "not allowed to search the logs"
    assert timeline(console)["log_error"] is None


@pytest.mark.parametrize(
    ("status", "failures", "retryable"),
    [
        ("partial", {"timeout": 1}, True),
        ("partial", {"not_found": 1}, False),
        ("queued", {}, False),
    ],
)
def test_a_window_says_whether_a_retry_may_help(  # noqa: PLR0913, PLR0917 - fixtures and a case
    console: RunningConsole,
    account: Account,
    ops_table: OpsTable,
    status: str,
    failures: dict[str, int],
    retryable: bool,  # noqa: FBT001 - a column of the table
) -> None:
    ops_table.fold("ann", [1], BATCH)
    ops_table.end("ann:000001", status, failures=failures)
    assert console.get("/api/windows/ann:000001").json["retryable"] is retryable
    answer = console.post("/api/replays", {"retry": True, "windows": ["ann:000001"]})
    assert answer.status == (202 if retryable else 400)
    queue = account.sqs.receive_message(QueueUrl=account.outputs.collage_queue_url)
    assert len(queue.get("Messages", [])) == retryable
