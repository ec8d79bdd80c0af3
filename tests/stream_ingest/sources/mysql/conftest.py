"""A database of a private MariaDB, and the name of a table in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from ops_dashboard.local.mysql.server import create_schema
from tests.fakes.ingest.mysql import Database


@pytest.fixture(scope="module")
def database(mariadb_url: str) -> Database:
    asyncio.run(create_schema(mariadb_url))
    return Database(mariadb_url)


@pytest.fixture
def name(database: Database) -> Iterator[str]:
    """The name of a table that is the test's own."""
    yield "own"
    database.run("DROP TABLE IF EXISTS own")
