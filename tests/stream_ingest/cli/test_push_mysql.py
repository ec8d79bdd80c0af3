"""The command line on a real MariaDB."""

from __future__ import annotations

import asyncio
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops_dashboard.local.mysql.server import create_schema, load_rows
from ops_dashboard.local.samples.video_row import VideoRow
from stream_ingest.cli.main import main
from tests.fakes.ingest.mysql import Database
from tests.fakes.ingest.rows import cover_url

WHEN = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def database(mariadb_url: str) -> Database:
    asyncio.run(create_schema(mariadb_url))
    database = Database(mariadb_url)
    database.run("DELETE FROM videos_links")
    rows = [VideoRow(f"c{n % 3}", cover_url(n), WHEN) for n in range(30)]
    asyncio.run(load_rows(mariadb_url, [*rows, VideoRow("c0", "nonsense", WHEN)]))
    return database


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["stream-ingest", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    printed = capsys.readouterr()
    return int(caught.value.code or 0), printed.out, printed.err


def test_an_export_prints_the_path_of_what_it_wrote(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run(
        monkeypatch,
        capsys,
        *("export", "--mysql", database.url, "--out", str(tmp_path), "--creator", "c1"),
    )
    assert (code, err) == (0, "10 rows written\n")
    path = Path(out.strip())
    assert re.fullmatch(r"cover_urls_\d{8}_\d{6}\.csv", path.name)
    lines = path.read_text().splitlines()
    assert lines[:2] == [
        "creator_name,cover_url,created_at",
        f"c1,{cover_url(1)},2026-11-01 12:00:00",
    ]
    assert len(lines) == 11


def test_a_dry_run_reads_the_table(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(monkeypatch, capsys, "push", "--mysql", database.url, "--dry-run")
    assert code == 0
    assert "31 rows read, 30 would be pushed" in err
    assert "refused as bad_json: 1" in err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--table", "nowhere"], "no table 'nowhere'"),
        (["--columns", "cover=nothing"], "has no column nothing"),
        (["--since", "2026-13-01"], "date '2026-13-01'"),
    ],
)
def test_a_mistake_is_one_line_without_the_password(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    code, out, err = run(
        monkeypatch, capsys, "push", "--mysql", database.url, "--dry-run", *options
    )
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert database.address.password not in err


def test_a_wrong_password_is_one_line(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = database.url.replace(database.address.password, "hunter2")
    code, out, err = run(monkeypatch, capsys, "push", "--mysql", url, "--dry-run")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "Access denied" in err
    assert "hunter2" not in err
