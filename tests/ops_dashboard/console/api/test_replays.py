from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ops_dashboard.console.account import Account
from ops_dashboard.recovery.runs.run import INTERRUPTED_AFTER_S, State
from tests.fakes.ingest.rows import NOW_S, header
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


def until(console: RunningConsole, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the newest run once it is so."""
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        found = runs(console)
        if found and is_so(found[0]):
            return found[0]
    pytest.fail(f"never: {found}")


def started(console: RunningConsole, wanted: dict[str, object]) -> dict[str, Any]:
    """Start a run and return it when all its windows are sent."""
    answer = console.post("/api/replays", wanted)
    assert answer.status == 202, answer.text
    return until(console, lambda run: run["state"] == "building")


@pytest.mark.usefixtures("closed")
def test_a_creators_windows_are_sent_and_counted_until_done(
    console: RunningConsole, account: Account, ops_table: OpsTable
) -> None:
    run = started(console, {"creators": ["ann"]})
    assert (run["windows"], run["sent"], run["done"], run["about"]) == (2, 2, 0, "ann")
    assert queued(account) == {"ann:000001": run["name"], "ann:000002": run["name"]}
    ops_table.end("ann:000001", "completed", replayed_as=run["name"])
    assert until(console, lambda run: run["done"] == 1)["by_status"] == {"completed": 1}
    ops_table.end("ann:000002", "partial", replayed_as=run["name"])
    ended = until(console, lambda run: run["state"] == "ended")
    assert ended["by_status"] == {"completed": 1, "partial": 1}
    assert not ended["can_cancel"]


@pytest.mark.usefixtures("closed")
def test_a_run_counts_only_what_ended_under_its_name(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    run = started(console, {"creators": ["ann", "ben"]})
    assert run["about"] == "2 creators"
    ops_table.end("ann:000001", "completed", replayed_as="an-earlier-one")
    ops_table.end("ann:000002", "processing", replayed_as=run["name"])
    ops_table.end("ben:000001", "failed", replayed_as=run["name"])
    assert until(console, lambda run: run["done"] == 1)["by_status"] == {"failed": 1}


@pytest.mark.usefixtures("closed")
def test_a_retry_takes_windows_that_failed_for_a_temporary_reason(
    console: RunningConsole, account: Account
) -> None:
    run = started(console, {"retry": True})
    assert (run["windows"], run["about"]) == (1, "failed downloads of every batch")
    assert queued(account) == {"ben:000001": run["name"]}
    other = console.post("/api/replays", {"retry": True, "batch": "another"})
    assert other.json == {"error": "there is nothing to rebuild"}


@pytest.mark.usefixtures("closed")
def test_a_creator_is_replayed_within_a_range(console: RunningConsole, account: Account) -> None:
    late = console.post("/api/replays", {"creators": ["ann"], "from": "2999-01-01"})
    assert late.status == 400
    early: dict[str, object] = {"creators": ["ann"], "from": "2001-01-01", "to": "2999-01-01"}
    assert started(console, early)["windows"] == 2
    assert len(queued(account)) == 2


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize(
    ("wanted", "windows", "about"),
    [
        ({"creators": ["ann", "ben"]}, 3, "2 creators"),
        ({"from": "2001-01-01"}, 3, None),
        ({"retry": True}, 1, "failed downloads of every batch"),
        ({"retry": True, "windows": ["ann:000001"]}, 0, "failed downloads of ann:000001"),
        ({"windows": ["ann:000001", "ann:000009"]}, 1, "2 windows"),
    ],
)
def test_the_windows_of_a_run_are_counted_before_anything_is_sent(
    console: RunningConsole,
    account: Account,
    wanted: dict[str, object],
    windows: int,
    about: str | None,
) -> None:
    found = console.post("/api/replays/count", wanted).json
    assert (found["windows"], found["more"]) == (windows, False)
    assert about in {None, found["about"]}
    assert queued(account) == {}
    assert runs(console) == []


@pytest.mark.usefixtures("closed")
def test_a_runs_windows_are_listed_with_what_they_were_before(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    run = started(console, {"retry": True})
    ops_table.end("ben:000001", "completed", images_ok=2, replayed_as=run["name"])
    found = console.get(f"/api/replays/{run['name']}/windows").json
    (window,) = found["windows"]
    assert (window["window_id"], window["built"]) == ("ben:000001", True)
    assert (window["status_before"], window["images_before"]) == ("partial", 1)
    assert (window["status"], window["images_ok"]) == ("completed", 2)
    assert console.get(f"/api/replays/{run['name']}/windows?page=1").status == 404
    assert console.get("/api/replays/replay-none/windows").status == 404


@pytest.mark.usefixtures("closed")
def test_a_run_is_cancelled_once(console: RunningConsole, account: Account) -> None:
    run = started(console, {"creators": ["ann"]})
    cancelled = console.post(f"/api/replays/{run['name']}/cancel", {}).json
    assert (cancelled["state"], cancelled["cancelled_by"]) == ("cancelled", account.runs.owner)
    again = console.post(f"/api/replays/{run['name']}/cancel", {})
    assert again.status == 400
    assert "is cancelled" in again.json["error"]
    assert runs(console)[0]["state"] == "cancelled"


@pytest.mark.usefixtures("closed")
def test_cancelled_runs_do_not_keep_an_older_one_from_being_counted(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    name = started(console, {"windows": ["ben:000001"]})["name"]
    for _ in range(3):
        run = started(console, {"creators": ["ann"]})
        console.post(f"/api/replays/{run['name']}/cancel", {})
    ops_table.end("ben:000001", "completed", replayed_as=name)
    deadline = time.monotonic() + _TIMEOUT_S
    while {run["name"]: run["state"] for run in runs(console)}[name] != "ended":
        assert time.monotonic() < deadline


@pytest.mark.usefixtures("closed")
def test_a_run_of_a_process_that_was_stopped_is_interrupted_and_can_be_continued(
    console: RunningConsole, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its windows are known and none is sent, as after a crash at the first of them."""
    run = started(console, {"creators": ["ann"]})
    assert len(queued(account)) == 2
    store = account.runs.store
    past = datetime.now(UTC) - timedelta(seconds=INTERRUPTED_AFTER_S + 1)
    with monkeypatch.context() as patch:
        patch.setattr(store, "_now", lambda: past)
        store.save(replace(store.load(run["name"]), state=State.SENDING, sent=0, owner="b@c"))
    shown = until(console, lambda run: run["state"] == "interrupted")
    assert (shown["can_resume"], shown["owner"]) == (True, "b@c")
    assert console.post(f"/api/replays/{run['name']}/resume", {}).status == 202
    shown = until(console, lambda run: run["state"] == "building")
    assert (shown["sent"], shown["owner"]) == (2, account.runs.owner)
    assert queued(account) == {"ann:000001": run["name"], "ann:000002": run["name"]}


@pytest.mark.usefixtures("closed")
def test_a_console_that_starts_again_shows_the_runs_of_before(
    console: RunningConsole, account: Account
) -> None:
    """Another console, or the command line, has started it."""
    run = started(console, {"windows": ["ben:000001"]})
    assert account.runs.store.newest(5)[0].name == run["name"]


def test_more_windows_than_are_counted_are_at_least_so_many(
    console: RunningConsole, ops_table: OpsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops_dashboard.recovery.runs.choosing.MAX_COUNTED", 2)
    ops_table.fold("ann", range(1, 7), BATCH, NOW_S)
    found = console.post("/api/replays/count", {"creators": ["ann"]}).json
    assert (found["windows"], found["more"]) == (2, True)


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
