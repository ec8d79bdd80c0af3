from __future__ import annotations

import csv
import http.client
import io
import tracemalloc
import zipfile
from collections.abc import Iterator
from itertools import islice

import pytest

from ops_dashboard.console.account import Account
from ops_dashboard.console.api import batch_files as module
from ops_dashboard.console.api.batch_files import StreamedZip
from stream_ingest.aws.items import Item
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import TransientError
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.rows import RefusalReason, RowRefusal
from tests.fakes.ingest.aws import OUTPUT
from tests.fakes.ingest.rows import header
from tests.fakes.ops.table import OpsTable
from tests.ops_dashboard.console.running import Response, RunningConsole

Patch = pytest.MonkeyPatch
BATCH = header("b", images=2)
NAME = '=cmd|"x", <b>'


@pytest.fixture(autouse=True)
def _batch(ops_table: OpsTable) -> None:
    """A batch of two creators with three windows each."""
    ops_table.aws.registry.register(BATCH)
    for creator in ("ann", NAME):
        ops_table.fold(creator, range(6), BATCH)


def rows_of(response: Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.text, newline="")))


def test_the_report_has_a_line_for_each_window_as_it_is_now(
    console: RunningConsole, ops_table: OpsTable
) -> None:
    ops_table.end("ann:000002", "failed", images_failed=2, failures={"timeout": 2})
    response = console.get("/api/batches/b/report.csv")
    assert response.headers["Content-Disposition"] == 'attachment; filename="b.csv"'
    heading, *lines = rows_of(response)
    assert len(lines) == 6
    by_id = {line[1]: dict(zip(heading, line, strict=True)) for line in lines}
    assert by_id["ann:000002"]["failures"] == "timeout:2"
    assert f"'{NAME}" in {line[0] for line in lines}


def test_refused_rows_come_from_all_parts_in_columns_that_can_be_uploaded_again(
    console: RunningConsole, account: Account
) -> None:
    stored = RefusedRows(account.s3, OUTPUT, "b")
    for at in range(3):
        reason = RefusalReason.NO_URL
        stored.store([RowRefusal(reason=reason, creator=f"c{at}", cover="=1+1", created_at="now")])
    lines = rows_of(console.get("/api/batches/b/refused.csv"))
    assert lines[0][:3] == ["creator_name", "cover_url", "created_at"]
    assert [line[0] for line in lines[1:]] == ["c0", "c1", "c2"]
    assert lines[1][1:] == ["'=1+1", "now", "no_url", ""]


def test_a_batch_without_refused_rows_has_only_the_heading(console: RunningConsole) -> None:
    assert len(rows_of(console.get("/api/batches/b/refused.csv"))) == 1


def test_collages_are_entries_of_a_zip_and_missing_ones_are_named(
    console: RunningConsole, account: Account, ops_table: OpsTable
) -> None:
    for number, key in ((1, "x/1.jpg"), (3, "x/gone.jpg")):
        ops_table.end(f"ann:{number:06d}", "completed", images_ok=2, collage_key=key)
    account.s3.put_object(Bucket=OUTPUT, Key="x/1.jpg", Body=b"picture")
    response = console.get("/api/batches/b/collages.zip")
    archive = zipfile.ZipFile(io.BytesIO(response.body))
    assert archive.testzip() is None
    assert archive.namelist() == ["ann_000001.jpg", "missing.txt"]
    assert archive.read("ann_000001.jpg") == b"picture"
    assert b"x/gone.jpg" in archive.read("missing.txt")


def test_names_of_entries_stay_in_the_folder_into_which_they_are_unpacked(
    console: RunningConsole, account: Account, ops_table: OpsTable
) -> None:
    ops_table.fold("../../up", range(2), BATCH)
    ops_table.end("..=2F..=2Fup:000001".replace("..=", "=2E.=", 1), "completed", collage_key="k")
    account.s3.put_object(Bucket=OUTPUT, Key="k", Body=b"picture")
    archive = zipfile.ZipFile(io.BytesIO(console.get("/api/batches/b/collages.zip").body))
    assert archive.namelist() == ["=2E.=2F..=2Fup_000001.jpg"]


def test_memory_of_a_zip_does_not_grow_with_its_entries() -> None:
    archive, body = StreamedZip(), b"x" * 100_000
    archive.add(zipfile.ZipInfo("first"), body)
    tracemalloc.start()
    size = sum(len(archive.add(zipfile.ZipInfo(f"{at:06d}.jpg"), body)) for at in range(500))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 50_000_000
    assert peak < 3_000_000


def test_a_file_that_cannot_be_finished_is_cut_off(
    console: RunningConsole, account: Account
) -> None:
    """So that the browser reports a failed download, not a short file."""
    refusal = RowRefusal(reason=RefusalReason.NO_URL, creator="c", cover="", created_at="")
    stored = RefusedRows(account.s3, OUTPUT, "b")
    stored.store([refusal] * 500)
    account.s3.put_object(Bucket=OUTPUT, Key=f"{stored.prefix}part-00002.jsonl", Body=b"{")
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        console.get("/api/batches/b/refused.csv")


@pytest.mark.parametrize("name", ["report.csv", "collages.zip"])
def test_files_of_windows_are_cut_off_where_aws_fails(
    console: RunningConsole, account: Account, ops_table: OpsTable, monkeypatch: Patch, name: str
) -> None:
    for number in (1, 2, 3):
        ops_table.end(f"ann:{number:06d}", "completed", images_ok=2, collage_key="k")
    account.s3.put_object(Bucket=OUTPUT, Key="k", Body=b"picture")
    monkeypatch.setattr(module, "_LINES_AT_ONCE", 1)
    monkeypatch.setattr(module, "_COLLAGES_AT_ONCE", 1)
    fail_after(2, monkeypatch)
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        console.get(f"/api/batches/b/{name}")


@pytest.mark.parametrize("name", ["report.csv", "collages.zip"])
def test_a_file_of_which_nothing_can_be_read_is_an_error(
    console: RunningConsole, monkeypatch: Patch, name: str
) -> None:
    fail_after(0, monkeypatch)
    answer = console.get(f"/api/batches/b/{name}")
    assert (answer.status, answer.json["error"]) == (503, "query: no answer")


def fail_after(number: int, monkeypatch: Patch) -> None:
    """Let AWS not answer after so many windows of a batch."""
    every = BatchRegistry.windows

    def windows(registry: BatchRegistry, batch_id: str) -> Iterator[Item]:
        yield from islice(every(registry, batch_id), number)
        msg = "query: no answer"
        raise TransientError(msg)

    monkeypatch.setattr(BatchRegistry, "windows", windows)


def test_a_file_that_cannot_be_begun_is_an_error_that_says_why(
    console: RunningConsole, account: Account
) -> None:
    """A link leads to it, so a browser shows a page; a script gets JSON."""
    stored = RefusedRows(account.s3, OUTPUT, "b")
    account.s3.put_object(Bucket=OUTPUT, Key=f"{stored.prefix}part-00001.jsonl", Body=b"{")
    there = "/api/batches/b/refused.csv"
    data, page = console.get(there), console.get(there, Accept="text/html,*/*;q=0.8")
    assert data.status == page.status == 422
    assert "part-00001.jsonl" in data.json["error"]
    assert page.headers["Content-Type"].startswith("text/html")
    assert "part-00001.jsonl" in page.text


def test_files_are_not_kept_by_the_browser(console: RunningConsole) -> None:
    headers = console.get("/api/batches/b/report.csv").headers
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


@pytest.mark.parametrize("name", ["report.csv", "refused.csv", "collages.zip"])
def test_an_unknown_batch_has_no_files(console: RunningConsole, name: str) -> None:
    answer = console.get(f"/api/batches/nope/{name}")
    assert (answer.status, answer.json["error"]) == (404, "no batch nope")
