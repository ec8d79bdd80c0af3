"""Uploads of one console on the page of another."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ops_dashboard.console.access import Access
from ops_dashboard.console.account import Account
from ops_dashboard.console.api import upload_news
from ops_dashboard.console.api.uploads import Uploads
from ops_dashboard.console.server import make_app
from ops_dashboard.recovery.runs.run import INTERRUPTED_AFTER_S, State
from ops_dashboard.recovery.runs.store import RunStore
from ops_dashboard.recovery.runs.upload_runs import UploadRuns
from stream_ingest.contracts.errors import TransientError
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ops.table import OpsTable
from tests.ops_dashboard.console.running import RunningConsole, running

if TYPE_CHECKING:
    from tests.ops_dashboard.console.conftest import FakePush

CSV = b"creator_name,cover_url,created_at\nann,https://x.example/a.jpg,2026-11-21\n"
TYPE = {"Content-Type": "text/csv"}
_TIMEOUT_S = 30


def until(
    console: RunningConsole, is_so: Callable[[dict[str, Any]], bool], path: str = "/api/uploads/all"
) -> dict[str, Any]:
    """Return the newest upload of any console once it is so."""
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        uploads: list[dict[str, Any]] = console.get(path).json
        if uploads and is_so(uploads[0]):
            return uploads[0]
    pytest.fail(f"never: {uploads}")


def test_every_console_shows_the_uploads_of_all(
    account: Account, access: Access, fake_push: FakePush, tmp_path: Path
) -> None:
    fake_push.may_end.clear()
    first = Uploads(fake_push, tmp_path / "one", runs=account.runs.uploads)
    second = Uploads(fake_push, tmp_path / "two", runs=account.runs.uploads)
    with (
        running(lambda: make_app(account, access, first), access) as console,
        running(lambda: make_app(account, access, second), access) as other,
    ):
        assert other.get("/api/uploads/all").json == []
        console.post("/api/uploads?name=covers.csv&batch=mine", CSV, **TYPE)
        shown = until(other, lambda upload: upload["state"] == "sending")
        assert (shown["batch_id"], shown["name"], shown["bytes"]) == (
            "mine",
            "covers.csv",
            len(CSV),
        )
        assert shown["owner"] == account.runs.owner
        fake_push.may_end.set()
        until(other, lambda upload: upload["state"] == "sent")
        assert other.get("/api/uploads").json == []


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"creator_name,cover_url,created_at\n", "the file has a header but no rows"), (CSV, "full;")],
)
def test_other_consoles_show_why_an_upload_failed(  # noqa: PLR0913, PLR0917 - fixtures and a case
    account: Account, access: Access, fake_push: FakePush, tmp_path: Path, body: bytes, error: str
) -> None:
    fake_push.error = TransientError("the stream is full")
    uploads = Uploads(fake_push, tmp_path / "one", runs=account.runs.uploads)
    with running(lambda: make_app(account, access, uploads), access) as console:
        console.post("/api/uploads?name=covers.csv", body, **TYPE)
        assert error in until(console, lambda upload: upload["state"] == "failed")["error"]


def test_an_upload_of_a_console_that_was_stopped_is_interrupted(
    console: RunningConsole, account: Account, ops_table: OpsTable
) -> None:
    past = datetime.now(UTC) - timedelta(seconds=INTERRUPTED_AFTER_S + 5)
    store = RunStore(ops_table.aws.dynamodb, TABLE, lambda: past)
    UploadRuns(store, "ben@server", lambda: past).record("b", "covers.csv", 9, State.SENDING)
    (shown,) = account.runs.uploads.newest(5)
    assert (shown.state, shown.owner) == (State.INTERRUPTED, "ben@server")
    assert console.get("/api/replays").json == []


def test_an_upload_goes_on_beating_until_it_has_ended(
    account: Account,
    access: Access,
    fake_push: FakePush,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(upload_news, "HEARTBEAT_S", 0.01)
    fake_push.may_end.clear()
    store = account.runs.store
    uploads = Uploads(fake_push, tmp_path / "one", runs=account.runs.uploads)
    with running(lambda: make_app(account, access, uploads), access) as console:
        console.post("/api/uploads?name=covers.csv", CSV, **TYPE)
        deadline = time.monotonic() + _TIMEOUT_S
        while store.newest(1)[0].revision < 5:
            assert time.monotonic() < deadline
        fake_push.may_end.set()
        until(console, lambda upload: upload["state"] == "sent")
        revision = store.newest(1)[0].revision
        until(console, lambda upload: upload["state"] == "sent", "/api/uploads")
    assert store.newest(1)[0].revision == revision


def test_an_upload_does_not_depend_on_the_list_of_runs(
    account: Account,
    access: Access,
    fake_push: FakePush,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> None:
        msg = "the table does not answer"
        raise TransientError(msg)

    monkeypatch.setattr(RunStore, "save", refuse)
    uploads = Uploads(fake_push, tmp_path / "one", runs=account.runs.uploads)
    with running(lambda: make_app(account, access, uploads), access) as console:
        assert console.post("/api/uploads?name=covers.csv", CSV, **TYPE).status == 202
        until(console, lambda upload: upload["state"] == "sent", "/api/uploads")
    assert len(fake_push.sent) == 1
