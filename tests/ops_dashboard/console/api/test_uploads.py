from __future__ import annotations

import gzip
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from aiohttp import web

from ops_dashboard.console.access import Access
from ops_dashboard.console.account import Account
from ops_dashboard.console.api.upload_folder import Upload, UploadFolder
from ops_dashboard.console.api.uploads import Uploads
from ops_dashboard.console.server import make_app
from stream_ingest.contracts.batch_options import BatchOptions
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.settings import (
    BATCH_END,
    BatchSettings,
    CollageLayout,
    DownloadLimits,
)
from tests.ops_dashboard.console.running import RunningConsole, running

if TYPE_CHECKING:
    from tests.ops_dashboard.console.conftest import FakePush

CSV = b"creator_name,cover_url,created_at\nann,https://x.example/a.jpg,2026-11-21\n"
TYPE = {"Content-Type": "text/csv"}
_TIMEOUT_S = 30


def until(console: RunningConsole, state: str) -> dict[str, Any]:
    """Return the newest upload once it is in a state."""
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        uploads: list[dict[str, Any]] = console.get("/api/uploads").json
        if uploads and uploads[0]["state"] == state:
            return uploads[0]
    pytest.fail(f"never {state}")


def files(folder: Path) -> list[str]:
    """Return the names of the files that are there besides records and locks."""
    return sorted(path.name for path in folder.iterdir() if path.suffix in {".csv", ".part"})


def test_a_file_is_pushed_as_the_cli_does(
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
    assert fake_push.names == ["covers.csv"]
    assert (header.batch_id, header.trigger) == (upload["batch_id"], "csv-push")
    assert header.settings.flush.kind == "batch-end"
    assert files(upload_folder) == []


@pytest.mark.parametrize(
    ("flush", "kind"), [("batch-end", "batch-end"), ("idle:7d", "idle"), ("never", "never")]
)
def test_the_flush_policy_is_the_users_choice(
    console: RunningConsole, fake_push: FakePush, flush: str, kind: str
) -> None:
    console.post(f"/api/uploads?name=covers.csv&flush={flush}", CSV, **TYPE)
    until(console, "sent")
    assert fake_push.sent[0][1].settings.flush.kind == kind


def test_the_options_are_those_of_the_command_line_and_empty_fields_have_the_stacks_defaults(
    account: Account, access: Access, fake_push: FakePush, upload_folder: Path
) -> None:
    defaults = BatchOptions(rows=3, cols=4, quality=80, fit_rows=True, flush="never")
    uploads = Uploads(fake_push, upload_folder, defaults=defaults)
    query = "&pack=true&background=black&quality=&output_prefix=campaign-7/&download_tries=1"
    with running(lambda: make_app(account, access, uploads), access) as console:
        shown = console.get("/api/uploads/defaults").json
        assert (shown["grid"], shown["images_per_window"], shown["fit_rows"]) == ("3x4", 12, True)
        assert console.post(f"/api/uploads?name=covers.csv{query}", CSV, **TYPE).status == 202
        until(console, "sent")
    layout = CollageLayout(
        rows=3, cols=4, quality=80, background="#000000", fit_rows=True, pack=True
    )
    assert fake_push.sent[0][1].settings == BatchSettings(
        layout=layout,
        images_per_window=12,
        flush=BATCH_END,
        prefix="campaign-7",
        downloads=DownloadLimits(tries=1),
    )


@pytest.mark.parametrize(
    ("resumable", "error", "kept"),
    [
        (True, "continue with: stream-ingest push --resume --batch-id mine", ["mine.csv"]),
        (False, "the stream refuses; upload the file again", []),
    ],
)
def test_a_failed_push_is_reported_and_its_file_stays_only_if_it_can_be_continued(  # noqa: PLR0913, PLR0917 - fixtures and a case
    account: Account,
    access: Access,
    fake_push: FakePush,
    upload_folder: Path,
    resumable: bool,  # noqa: FBT001 - a column of the table
    error: str,
    kept: list[str],
) -> None:
    fake_push.error = TransientError("the stream refuses")

    def app() -> web.Application:
        uploads = Uploads(fake_push, upload_folder, can_resume=lambda _: resumable)
        return make_app(account, access, uploads)

    with running(app, access) as console:
        console.post("/api/uploads?name=covers.csv&batch=mine", CSV, **TYPE)
        failed = until(console, "failed")
        assert failed["error"].startswith("the stream refuses; ")
        assert failed["error"].endswith(error)
    assert files(upload_folder) == kept
    with running(app, access) as console:
        assert console.get("/api/uploads").json == [failed]
    assert files(upload_folder) == kept


def interrupted(folder: Path, state: str, batch_id: str = "mine") -> None:
    """Leave a folder as a console does that is killed."""
    folder.mkdir()
    upload = Upload(batch_id=batch_id, name="covers.csv", bytes=9, state=state)
    (folder / f"{batch_id}.json").write_bytes(msgspec.json.encode(upload))
    suffix = "part" if state == "receiving" else "csv"
    (folder / f"{batch_id}.{suffix}").write_bytes(b"creator_n")


@pytest.mark.parametrize(
    ("state", "resumable", "error", "kept"),
    [
        ("receiving", False, "stopped while it received the file; upload it again", []),
        ("sending", False, "none of its rows was sent: upload the file again", []),
        ("sending", True, "before all rows were sent; continue with:", ["mine.csv"]),
    ],
)
def test_an_upload_that_a_restart_interrupted_has_failed(  # noqa: PLR0913, PLR0917 - fixtures and a case
    account: Account,
    access: Access,
    fake_push: FakePush,
    upload_folder: Path,
    state: str,
    resumable: bool,  # noqa: FBT001 - a column of the table
    error: str,
    kept: list[str],
) -> None:
    interrupted(upload_folder, state)
    uploads = Uploads(fake_push, upload_folder, can_resume=lambda _: resumable)
    with running(lambda: make_app(account, access, uploads), access) as console:
        (shown,) = console.get("/api/uploads").json
        assert (shown["state"], shown["name"]) == ("failed", "covers.csv")
        assert error in shown["error"]
        if not kept:
            assert console.post("/api/uploads?name=b.csv&batch=mine", CSV, **TYPE).status == 202
            assert until(console, "sent")["name"] == "b.csv"
            assert len(console.get("/api/uploads").json) == 1
    assert files(upload_folder) == kept


def test_an_upload_that_can_no_longer_be_continued_loses_its_file(
    fake_push: FakePush, upload_folder: Path
) -> None:
    interrupted(upload_folder, "sending")
    Uploads(fake_push, upload_folder, can_resume=lambda _: True)
    assert files(upload_folder) == ["mine.csv"]
    Uploads(fake_push, upload_folder, can_resume=lambda _: False)
    assert files(upload_folder) == []


def test_a_console_that_starts_leaves_the_uploads_of_another_alone(
    account: Account,
    access: Access,
    fake_push: FakePush,
    upload_folder: Path,
) -> None:
    fake_push.may_end.clear()
    first = Uploads(fake_push, upload_folder)
    with running(lambda: make_app(account, access, first), access) as console:
        console.post("/api/uploads?name=a.csv&batch=mine", CSV, **TYPE)
        second = Uploads(fake_push, upload_folder)
        with running(lambda: make_app(account, access, second), access) as other:
            assert other.get("/api/uploads").json == []
            again = other.post("/api/uploads?name=b.csv&batch=mine", CSV, **TYPE)
            assert again.json == {"error": "batch mine exists already"}
        assert files(upload_folder) == ["mine.csv"]
        fake_push.may_end.set()
        assert until(console, "sent")["error"] is None


def test_a_file_that_does_not_arrive_completely_is_removed_and_shown_as_failed(
    console: RunningConsole, upload_folder: Path
) -> None:
    headers = console.own_headers() | TYPE | {"Host": console.host, "Content-Length": "1000"}
    lines = ["POST /api/uploads?name=covers.csv HTTP/1.1", *map(": ".join, headers.items()), "", ""]
    with socket.create_connection(("127.0.0.1", console.port)) as connection:
        connection.sendall("\r\n".join(lines).encode() + CSV)
        deadline = time.monotonic() + _TIMEOUT_S
        while not (upload_folder.exists() and files(upload_folder)):
            assert time.monotonic() < deadline
    failed = until(console, "failed")
    assert failed["error"] == "the file did not arrive completely; upload it again"
    assert files(upload_folder) == []


def test_a_full_disk_is_one_line(
    console: RunningConsole, upload_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UploadFolder, "_part", lambda *_: Path("/dev/full"))
    monkeypatch.setattr(UploadFolder, "_remove_file", lambda *_: None)
    answer = console.post("/api/uploads?name=covers.csv", CSV, **TYPE)
    assert answer.status == 400
    assert answer.json["error"].endswith("No space left on device")
    assert files(upload_folder) == []
    assert console.get("/api/uploads").json == []


@pytest.mark.parametrize(
    ("query", "body", "problem"),
    [
        ("name=covers.xlsx", CSV, "covers.xlsx is not a CSV file"),
        ("", CSV, "the file is not a CSV file"),
        ("name=covers.csv", b"creator_name,created_at\na,b\n", "no column cover_url"),
        ("name=covers.csv", b"", "its header is empty"),
        ("name=covers.csv", b"PK\x03\x04" + CSV, "this is a zip file, not CSV"),
        ("name=covers.csv", CSV + b'carl,"u,w\n', "a quote is opened and never closed"),
        ("name=covers.csv&flush=soon", CSV, "flush 'soon': expected never, batch-end"),
        ("name=covers.csv&cell_px=9", CSV, "cell '9': expected a whole number"),
        ("name=covers.csv&gird=3x4", CSV, "gird is not an option of a batch"),
        ("name=covers.csv&batch=../x", CSV, "batch id"),
    ],
)
def test_an_invalid_file_is_refused_and_deleted(  # noqa: PLR0913, PLR0917 - the parts of a case
    console: RunningConsole,
    fake_push: FakePush,
    upload_folder: Path,
    query: str,
    body: bytes,
    problem: str,
) -> None:
    answer = console.post(f"/api/uploads?{query}", body, **TYPE)
    assert answer.status == 400
    assert problem in answer.json["error"]
    assert fake_push.sent == []
    assert not upload_folder.exists() or files(upload_folder) == []
    assert console.get("/api/uploads").json == []


@pytest.mark.parametrize("name", ["covers.csv", "Covers.TSV", "covers.csv.gz"])
def test_a_file_of_another_form_is_pushed_and_its_encoding_reported(
    console: RunningConsole, fake_push: FakePush, name: str
) -> None:
    """As `stream-ingest push --csv` reads it."""
    data = "creator_name;cover_url;created_at\nJosé;https://e.com/1;2026-11-01\n".encode("cp1252")
    body = gzip.compress(data) if name.endswith(".gz") else data
    upload = console.post(f"/api/uploads?name={name}", body, **TYPE).json
    assert "Windows-1252" in upload["remarks"][0]
    until(console, "sent")
    assert len(fake_push.sent) == 1


def test_a_file_is_refused_when_it_grows_too_large(
    account: Account, access: Access, fake_push: FakePush, upload_folder: Path
) -> None:
    uploads = Uploads(fake_push, upload_folder, max_bytes=1 << 20)
    with running(lambda: make_app(account, access, uploads), access) as console:
        answer = console.post("/api/uploads?name=covers.csv", CSV + b"x" * (1 << 20), **TYPE)
    assert answer.status == 400
    assert "larger than 1 MB" in answer.json["error"]
    assert files(upload_folder) == []


def test_a_second_upload_does_not_replace_the_file_of_a_running_batch(
    console: RunningConsole, fake_push: FakePush, upload_folder: Path
) -> None:
    fake_push.may_end.clear()
    assert console.post("/api/uploads?name=a.csv&batch=mine", CSV, **TYPE).status == 202
    again = console.post("/api/uploads?name=b.csv&batch=mine", CSV, **TYPE)
    assert again.json == {"error": "batch mine exists already"}
    assert (upload_folder / "mine.csv").read_bytes() == CSV
    fake_push.may_end.set()
    until(console, "sent")
