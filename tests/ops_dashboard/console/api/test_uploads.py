from __future__ import annotations

import gzip
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ops_dashboard.console.access import Access
from ops_dashboard.console.account import Account
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
        upload: dict[str, Any] = console.get("/api/uploads").json[0]
        if upload["state"] == state:
            return upload
    pytest.fail(f"never {state}")


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
    assert list(upload_folder.iterdir()) == []


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


def test_a_failed_push_is_reported_and_keeps_the_file_for_resuming(
    console: RunningConsole, fake_push: FakePush, upload_folder: Path
) -> None:
    fake_push.error = TransientError("the stream refuses")
    batch = console.post("/api/uploads?name=covers.csv", CSV, **TYPE).json["batch_id"]
    assert "the stream refuses" in until(console, "failed")["error"]
    assert [path.name for path in upload_folder.iterdir()] == [f"{batch}.csv"]


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
        ("name=covers.csv&cell_px=9", CSV, "cell px '9': expected a whole number"),
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
    assert not upload_folder.exists() or list(upload_folder.iterdir()) == []
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
    assert list(upload_folder.iterdir()) == []


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
