"""The temporary server: real connections, real rows, and complete removal."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncmy
import asyncmy.errors
import pytest

from ops_dashboard.local.mysql import server as mariadb
from ops_dashboard.local.mysql.server import (
    MariaDbError,
    PrivateMariaDb,
    create_schema,
    find_mariadbd,
    load_rows,
)
from ops_dashboard.local.samples.video_row import ZERO_DATE, VideoRow
from stream_ingest.contracts.errors import UserError

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def program() -> Path:
    found = find_mariadbd()
    if found is None:
        reason = "mariadbd is not installed (Debian: mariadb-server-core)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def database(program: Path) -> Iterator[PrivateMariaDb]:
    with PrivateMariaDb(program) as running:
        asyncio.run(create_schema(running.url))
        yield running


async def select(url: str, sql: str) -> list[tuple[Any, ...]]:
    parts = urlsplit(url)
    connection = await asyncmy.connect(
        host="127.0.0.1",
        port=parts.port or 0,
        user=parts.username or "",
        password=parts.password or "",
        charset="utf8mb4",
    )
    try:
        async with connection.cursor() as cursor:
            await cursor.execute(sql)
            return list(await cursor.fetchall())
    finally:
        await connection.ensure_closed()


def query(url: str, sql: str) -> list[tuple[Any, ...]]:
    return asyncio.run(select(url, sql))


def test_rows_are_read_as_they_were_loaded_and_in_order(database: PrivateMariaDb) -> None:
    rows = [
        VideoRow("🌸 sakura diary 🌸", '{"cut":"' + "x" * 70_000, NOON),
        VideoRow("nul\0byte", None, NOON + timedelta(seconds=1)),
        VideoRow("", "", NOON.astimezone(timezone(timedelta(hours=9)))),
        VideoRow("C:\\temp 'quoted' %s", "https:\\/\\/x", None),
    ]
    assert asyncio.run(load_rows(database.url, rows)) == 4
    table = "SELECT creator, cover, created_at FROM tiktok_creator.videos_links ORDER BY id"
    naive = NOON.replace(tzinfo=None)
    dates = [naive, naive + timedelta(seconds=1), naive, ZERO_DATE]
    assert query(database.url, table) == [
        (row.creator, row.cover, date) for row, date in zip(rows, dates, strict=True)
    ]


def test_creating_the_schema_again_keeps_the_rows(database: PrivateMariaDb) -> None:
    asyncio.run(load_rows(database.url, [VideoRow("kept", "x", NOON)]))
    asyncio.run(create_schema(database.url))
    count = "SELECT COUNT(*) FROM tiktok_creator.videos_links WHERE creator = 'kept'"
    assert query(database.url, count) == [(1,)]


def test_rows_of_several_inserts_are_all_loaded(database: PrivateMariaDb) -> None:
    rows = (VideoRow("many", str(number), NOON) for number in range(1_203))
    assert asyncio.run(load_rows(database.url, rows)) == 1_203
    ids = "SELECT cover FROM tiktok_creator.videos_links WHERE creator = 'many' ORDER BY id"
    assert [cover for (cover,) in query(database.url, ids)] == [str(n) for n in range(1_203)]


def test_a_wrong_password_is_refused(database: PrivateMariaDb) -> None:
    password = urlsplit(database.url).password or ""
    with pytest.raises(asyncmy.errors.OperationalError, match="Access denied"):
        query(database.url.replace(password, "wrong"), "SELECT 1")


def test_the_user_sees_no_other_database(database: PrivateMariaDb) -> None:
    with pytest.raises(asyncmy.errors.OperationalError, match="denied"):
        query(database.url, "SELECT * FROM mysql.global_priv")


def test_a_url_without_a_database_is_a_user_error(database: PrivateMariaDb) -> None:
    with pytest.raises(UserError, match="is not a database name"):
        asyncio.run(create_schema(database.url.replace("tiktok_creator", "a`b")))


def test_only_this_machine_and_this_user_can_connect(database: PrivateMariaDb) -> None:
    """The port listens on 127.0.0.1 only, and only the owner can read the directory."""
    variables = "SELECT @@bind_address, @@skip_name_resolve, @@port"
    assert query(database.url, variables) == [("127.0.0.1", 1, database.port)]
    assert database.directory is not None
    assert stat.S_IMODE(database.directory.stat().st_mode) == 0o700


def test_everything_is_removed_even_after_an_error(program: Path) -> None:
    seen: list[tuple[int, Path]] = []

    def fail_while_it_runs() -> None:
        with PrivateMariaDb(program) as server:
            seen.append((server.pid or 0, server.directory or Path()))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_while_it_runs()
    [(pid, directory)] = seen
    assert not directory.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_starts_again_after_it_was_stopped_and_is_empty(program: Path) -> None:
    server = PrivateMariaDb(program)
    for _ in range(2):
        with server:
            databases = [name for (name,) in query(server.url, "SHOW DATABASES")]
            assert databases == ["information_schema"]
            asyncio.run(create_schema(server.url))


def test_a_port_taken_in_the_meantime_is_replaced(
    database: PrivateMariaDb, program: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_port = mariadb._free_port  # noqa: SLF001 - the race is made here
    ports = iter([database.port])
    monkeypatch.setattr(mariadb, "_free_port", lambda: next(ports, None) or free_port())
    with PrivateMariaDb(program) as second:
        assert second.port != database.port
        assert query(second.url, "SELECT 1") == [(1,)]


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "bin" / "mariadbd"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho '[ERROR] the disk is full' >&2\nexit 1\n")
    broken.chmod(0o755)
    tables = tmp_path / "share" / "mysql" / "mysql_system_tables.sql"
    tables.parent.mkdir(parents=True)
    tables.write_text("SELECT 1;\n")
    server = PrivateMariaDb(broken)
    with pytest.raises(MariaDbError, match="the disk is full"), server:
        pass
    assert server.directory is None


def test_a_server_that_hangs_is_killed(tmp_path: Path) -> None:
    hanging = tmp_path / "bin" / "mariadbd"
    hanging.parent.mkdir()
    hanging.write_text('#!/bin/sh\ncase "$*" in *--bootstrap*) exit 0;; esac\nexec sleep 600\n')
    hanging.chmod(0o755)
    tables = tmp_path / "share" / "mysql" / "mysql_system_tables.sql"
    tables.parent.mkdir(parents=True)
    tables.write_text("SELECT 1;\n")
    server = PrivateMariaDb(hanging, start_timeout_s=0.3)
    with pytest.raises(MariaDbError, match=r"did not start within 0\.3 s"), server:
        pass
    assert server.pid is None
