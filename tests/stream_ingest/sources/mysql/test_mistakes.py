"""What is said if a table of a real MariaDB cannot be read."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from ops_dashboard.local.mysql.server import PrivateMariaDb, create_schema, find_mariadbd
from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.address import MySqlAddress
from tests.fakes.ingest.certificates import write_certificates
from tests.fakes.ingest.mysql import Database, pages_of

COVERS = "creator VARCHAR(50), cover LONGTEXT, created_at DATETIME NOT NULL"


def complaint(source_of: Database, table: str = "videos_links", **changes: object) -> str:
    """Return the one line that is said by `check`, and by reading just so."""
    address: MySqlAddress = msgspec.structs.replace(source_of.address, **changes)
    wrong = Database(source_of.url)
    wrong.address = address
    source = wrong.source(table)
    said = set()
    for attempt in (lambda: asyncio.run(source.check()), lambda: pages_of(source)):
        with pytest.raises(UserError) as caught:
            attempt()
        said.add(str(caught.value))
    (line,) = said
    assert "\n" not in line
    assert str(urlsplit(source_of.url).password) not in line
    return line


def test_a_wrong_password_is_a_user_error(database: Database) -> None:
    said = complaint(database, password="wrong")
    assert said.startswith("cannot open mysql://coverstream@127.0.0.1:")
    assert "Access denied" in said
    assert "wrong" not in said


def test_an_unknown_database_is_a_user_error(database: Database) -> None:
    assert "nowhere" in complaint(database, database="nowhere")


def test_the_error_for_a_missing_table_lists_the_tables(database: Database) -> None:
    said = complaint(database, "video_links")
    assert "no table 'video_links'" in said
    assert "videos_links" in said.partition("tables there: ")[2]


def test_the_error_for_a_missing_column_lists_the_columns(database: Database, name: str) -> None:
    database.run(f"CREATE TABLE `{name}` (id INT PRIMARY KEY, creator TEXT, url TEXT)")
    said = complaint(database, name)
    assert f"table '{name}' has no column cover, created_at" in said
    assert "it has id, creator, url" in said
    assert "--columns" in said


def test_a_connection_lost_while_reading_is_a_user_error(database: Database, name: str) -> None:
    database.run(f"CREATE TABLE `{name}` (id INT PRIMARY KEY, {COVERS})")
    database.fill(name, [f"({n}, 'c', 'u{n}', '2026-11-01')" for n in range(200)])
    source = database.source(name, page_rows=1)

    async def read() -> None:
        async for page in source.pages():
            assert page.rows
            await asyncio.to_thread(kill_others, database)

    with pytest.raises(UserError, match="mysql://coverstream@127") as caught:
        asyncio.run(read())
    assert "\n" not in str(caught.value)


def test_a_real_server_with_tls_is_verified(tmp_path: Path) -> None:
    if find_mariadbd() is None:
        pytest.skip("MariaDB is not installed")
    ca, both = write_certificates(tmp_path)
    with PrivateMariaDb(options=[f"--ssl-cert={both}", f"--ssl-key={both}"]) as server:
        asyncio.run(create_schema(server.url))
        verified = f"{server.url}?ssl_ca={ca}"
        ((_, cipher),) = Database(verified).run("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        assert cipher
        with pytest.raises(UserError, match="give its authority's by --mysql-ca"):
            Database(f"{server.url}?ssl=true").run("SELECT 1")


def kill_others(database: Database) -> None:
    """End every connection but the one that asks."""
    others = database.run(
        "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()"
    )
    for (identity,) in others:
        database.run(f"KILL {identity}")
