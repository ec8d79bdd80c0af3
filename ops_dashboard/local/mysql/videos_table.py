"""Creates and fills the source table of the local run. Edge (MySQL)."""

from __future__ import annotations

from contextlib import asynccontextmanager
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import asyncmy

from ops_dashboard.local.samples.video_row import stored_date
from stream_ingest.contracts.errors import UserError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from ops_dashboard.local.samples.video_row import VideoRow

DATABASE = "tiktok_creator"
TABLE = "videos_links"
_ROWS_PER_INSERT = 500

_CREATE_TABLE = f"""
CREATE TABLE IF NOT EXISTS {TABLE} (
  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  creator VARCHAR(255),
  cover LONGTEXT,
  created_at DATETIME NOT NULL,
  KEY created_at (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4
"""
_INSERT = f"INSERT INTO {TABLE} (creator, cover, created_at) VALUES (%s, %s, %s)"  # noqa: S608 - constants


async def create_schema(url: str) -> None:
    """Create the database of a ``mysql://`` URL and its table. Idempotent."""
    async with _connection(url, database=None) as connection, connection.cursor() as cursor:
        name = _database(url)
        await cursor.execute(f"SHOW DATABASES LIKE '{name}'")
        if not await cursor.fetchall():
            await cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        await cursor.execute(f"USE `{name}`")
        await cursor.execute(f"SHOW TABLES LIKE '{TABLE}'")
        if not await cursor.fetchall():
            await cursor.execute(_CREATE_TABLE)


async def load_rows(url: str, rows: Iterable[VideoRow]) -> int:
    """Insert rows in the given order, with ascending ids; return their number.

    All rows are inserted in one transaction. Not idempotent.
    """
    count = 0
    stream = iter(rows)
    async with _connection(url, _database(url)) as connection, connection.cursor() as cursor:
        while chunk := [
            (row.creator, row.cover, stored_date(row)) for row in islice(stream, _ROWS_PER_INSERT)
        ]:
            count += len(chunk)
            await cursor.executemany(_INSERT, chunk)
        await connection.commit()
    return count


def _database(url: str) -> str:
    name = urlsplit(url).path.lstrip("/")
    if not name.isidentifier():
        msg = f"{name!r} in the MySQL URL is not a database name"
        raise UserError(msg)
    return name


@asynccontextmanager
async def _connection(url: str, database: str | None) -> AsyncIterator[asyncmy.Connection]:
    parts = urlsplit(url)
    connection = await asyncmy.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        db=database,
        charset="utf8mb4",
    )
    try:
        yield connection
    finally:
        await connection.ensure_closed()
