from __future__ import annotations

import json
import time
from typing import Any

import pytest

from ops_dashboard.console.account import Account
from tests.fakes.ingest.rows import header
from tests.fakes.ops.table import OpsTable
from tests.ops_dashboard.console.running import RunningConsole

BATCH = header("batch-a", images=2)
_TIMEOUT_S = 30


@pytest.fixture
def closed(ops_table: OpsTable) -> None:
    """Two windows of ann, one of ben, all ended; ben's failed for a temporary reason."""
    ops_table.fold("ann", range(1, 5), BATCH)
    ops_table.fold("ben", range(1, 3), BATCH)
    for window in ("ann:000001", "ann:000002"):
        ops_table.end(window, "completed", images_ok=2)
    ops_table.end("ben:000001", "partial", images_ok=1, images_failed=1, failures={"timeout": 1})


def queued(account: Account) -> dict[str, str]:
    """Return the windows in the collage queue, each with the name of its run."""
    answer = account.sqs.receive_message(
        QueueUrl=account.outputs.collage_queue_url, MaxNumberOfMessages=10
    )
    bodies = [json.loads(each["Body"]) for each in answer.get("Messages", [])]
    return {body["detail"]["window_id"]: body["replay-name"] for body in bodies}


def runs(console: RunningConsole) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = console.get("/api/replays").json
    return found


@pytest.mark.usefixtures("closed")
def test_a_creators_windows_are_sent_and_tracked_until_done(
    console: RunningConsole, account: Account, ops_table: OpsTable
) -> None:
    run = console.post("/api/replays", {"creators": ["ann"]}).json
    assert (run["windows"], run["done"], run["about"]) == (2, 0, "ann")
    assert queued(account) == {"ann:000001": run["name"], "ann:000002": run["name"]}
    ops_table.end("ann:000001", "completed", replayed_as=run["name"])
    assert until(console, 1)[0]["by_status"] == {"completed": 1}
    ops_table.end("ann:000002", "partial", replayed_as=run["name"])
    assert until(console, 2)[0]["by_status"] == {"completed": 1, "partial": 1}


def until(console: RunningConsole, done: int) -> list[dict[str, Any]]:
    """Return the runs once `done` windows of the newest are done."""
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        found = runs(console)
        if found[0]["done"] == done:
            return found
    pytest.fail(f"never {done} done")


@pytest.mark.usefixtures("closed")
def test_a_run_counts_only_what_ended_under_its_name(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    run = console.post("/api/replays", {"creators": ["ann", "ben"]}).json
    assert run["about"] == "2 creators"
    ops_table.end("ann:000001", "completed", replayed_as="an-earlier-one")
    ops_table.end("ann:000002", "processing", replayed_as=run["name"])
    ops_table.end("ben:000001", "failed", replayed_as=run["name"])
    assert until(console, 1)[0]["by_status"] == {"failed": 1}


@pytest.mark.usefixtures("closed")
def test_a_retry_takes_windows_that_failed_for_a_temporary_reason(
    console: RunningConsole, account: Account
) -> None:
    run = console.post("/api/replays", {"retry": True}).json
    assert (run["windows"], run["about"]) == (1, "failed downloads of every batch")
    assert queued(account) == {"ben:000001": run["name"]}
    other = console.post("/api/replays", {"retry": True, "batch": "another"})
    assert other.json == {"error": "there is nothing to rebuild"}


@pytest.mark.usefixtures("closed")
def test_a_creator_is_replayed_within_a_range(console: RunningConsole, account: Account) -> None:
    late = console.post("/api/replays", {"creators": ["ann"], "from": "2999-01-01"})
    assert late.status == 400
    early = {"creators": ["ann"], "from": "2001-01-01", "to": "2999-01-01"}
    assert console.post("/api/replays", early).json["windows"] == 2
    assert len(queued(account)) == 2


@pytest.mark.parametrize(
    "request_body",
    [
        {},
        {"creators": ["nobody"]},
        {"from": "tomorrow"},
        {"from": "2026-11-21", "to": "2026-11-20"},
        {"since": "2026-11-21"},
        {"creators": "ann"},
        {"windows": ["no window id"]},
    ],
)
def test_an_invalid_request_starts_nothing(
    console: RunningConsole, account: Account, request_body: dict[str, object]
) -> None:
    answer = console.post("/api/replays", request_body)
    assert answer.status in {400, 422}
    assert answer.json["error"]
    assert runs(console) == []
    assert queued(account) == {}
