from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stream_ingest.contracts.errors import TransientError
from tests.ops_dashboard.console.running import RunningConsole

if TYPE_CHECKING:
    from tests.ops_dashboard.console.conftest import FakePush

CSV = b"creator_name,cover_url,created_at\nann,https://x.example/a.jpg,2026-11-21\n"
TYPE = {"Content-Type": "text/csv"}
_PATIENCE_S = 30


def until(console: RunningConsole, state: str) -> dict[str, Any]:
    """Return the newest upload once it is in a state."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        upload: dict[str, Any] = console.get("/api/uploads").json[0]
        if upload["state"] == state:
            return upload
    pytest.fail(f"never {state}")


def test_a_file_is_pushed_as_the_command_line_pushes_it(
    console: RunningConsole, fake_push: FakePush, upload_folder: Path
) -> None:
    fake_push.may_end.clear()
    taken = console.post("/api/uploads?name=covers.csv", CSV, **TYPE)
    assert taken.status == 202
    assert until(console, "sending")["name"] == "covers.csv"
    fake_push.may_end.set()
    upload = until(console, "sent")
    assert (upload["batch_id"], upload["bytes"]) == (taken.json["batch_id"], len(CSV))
    ((text, header),) = fake_push.sent
    assert text == CSV.decode()
    assert (header.batch_id, header.trigger) == (upload["batch_id"], "csv-push")
    assert header.settings.flush.kind == "batch-end"
    assert list(upload_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("flush", "kind"), [("batch-end", "batch-end"), ("idle:7d", "idle"), ("never", "never")]
)
def test_what_is_not_full_waits_as_the_person_says(
    console: RunningConsole, fake_push: FakePush, flush: str, kind: str
) -> None:
    console.post(f"/api/uploads?name=covers.csv&flush={flush}", CSV, **TYPE)
    until(console, "sent")
    assert fake_push.sent[0][1].settings.flush.kind == kind


def test_a_push_that_fails_is_told_and_keeps_the_file_to_go_on_with(
    console: RunningConsole, fake_push: FakePush, upload_folder: Path
) -> None:
    fake_push.error = TransientError("the stream refuses")
    batch = console.post("/api/uploads?name=covers.csv", CSV, **TYPE).json["batch_id"]
    assert "the stream refuses" in until(console, "failed")["error"]
    assert [path.name for path in upload_folder.iterdir()] == [f"{batch}.csv"]


@pytest.mark.parametrize(
    ("query", "body", "kind", "problem"),
    [
        ("name=covers.xlsx", CSV, "text/csv", "not named .csv"),
        ("", CSV, "text/csv", "not named .csv"),
        ("name=covers.csv", CSV, "image/png", "expected text/csv"),
        ("name=covers.csv", b"creator_name,created_at\na,b\n", "text/csv", "lacks cover_url"),
        ("name=covers.csv", b"", "text/csv", "it has nothing"),
        ("name=covers.csv", b"\xff\xfe", "text/csv", "not UTF-8"),
        ("name=covers.csv", CSV + b"\0", "text/csv", "no text"),
        ("name=covers.csv&flush=soon", CSV, "text/csv", "flush policy"),
        ("name=covers.csv&batch=../x", CSV, "text/csv", "batch id"),
    ],
)
def test_what_is_no_such_file_is_refused_and_leaves_nothing(  # noqa: PLR0913, PLR0917 - a case has that many sides
    console: RunningConsole,
    fake_push: FakePush,
    upload_folder: Path,
    query: str,
    body: bytes,
    kind: str,
    problem: str,
) -> None:
    answer = console.post(f"/api/uploads?{query}", body, **{"Content-Type": kind})
    assert answer.status == 400
    assert problem in answer.json["error"]
    assert fake_push.sent == []
    assert not upload_folder.exists() or list(upload_folder.iterdir()) == []
    assert console.get("/api/uploads").json == []


def test_a_file_is_refused_when_it_grows_too_large(
    console: RunningConsole, upload_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = "ops_dashboard.console.api.csv_check.TextCheck.__init__.__defaults__"
    monkeypatch.setattr(limit, (1 << 20,))
    answer = console.post("/api/uploads?name=covers.csv", CSV + b"x" * (1 << 20), **TYPE)
    assert answer.status == 400
    assert "larger than 1 MB" in answer.json["error"]
    assert list(upload_folder.iterdir()) == []


def test_a_batch_that_is_being_pushed_keeps_its_file(
    console: RunningConsole, fake_push: FakePush, upload_folder: Path
) -> None:
    fake_push.may_end.clear()
    assert console.post("/api/uploads?name=a.csv&batch=mine", CSV, **TYPE).status == 202
    again = console.post("/api/uploads?name=b.csv&batch=mine", CSV, **TYPE)
    assert again.json == {"error": "batch mine exists already"}
    assert (upload_folder / "mine.csv").read_bytes() == CSV
    fake_push.may_end.set()
    until(console, "sent")
