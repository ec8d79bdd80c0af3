"""A private MariaDB with a table of as many rows as wanted, made by the server itself. Edge: MySQL.

The cover column is TikTok's own JSON around one signed URL; ids and signatures are hashes of the
row's number, so as random as real ones. 20,000 creators, in the order of their dates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from ops_dashboard.local.mysql.binary import ensure_mariadbd
from ops_dashboard.local.mysql.server import PrivateMariaDb
from ops_dashboard.local.mysql.videos_table import TABLE, create_schema
from stream_ingest.sources.mysql.address import parse_address
from stream_ingest.sources.mysql.connection import connect
from tests.bench.measure import say
from tests.bench.rows import CREATORS

_EXPIRES_S = 4_102_444_800  # 2100: rows that are read must not have expired
_URL = (
    "CONCAT('https://p16-sign-va.tiktokcdn.com/tos-maliva-p-0068/', MD5(seq),"
    " '~tplv-tiktokx-cropcenter:1080:1080.jpeg?lk3s=', LEFT(SHA1(seq), 8),"
    f" '&x-expires={_EXPIRES_S}&x-signature=',"
    " REPLACE(REPLACE(REPLACE(TO_BASE64(UNHEX(SHA1(seq))), '+', '%2B'), '/', '%2F'), '=', '%3D'),"
    " '&shp=81f88b70&idc=maliva')"
)
_COVER = (
    'CONCAT(\'{"uri":"tos-maliva-p-0068/\', MD5(seq), \'","url_list":["\', '
    + _URL
    + ', \'"],"width":720,"height":720}\')'
)
_FILL = (
    "INSERT INTO TABLE_OF_ROWS (creator, cover, created_at)"  # noqa: S608 - constants
    f" SELECT CONCAT('creator', CONV(LEFT(MD5(seq + 7), 8), 16, 10) % {CREATORS}), {_COVER},"
    " TIMESTAMPADD(SECOND, seq DIV 10, '2026-01-01') FROM seq_1_to_ROWS"
)


def table_name(rows: int) -> str:
    """Return the name of the table with a number of rows."""
    return f"{TABLE}_{rows}"


@contextmanager
def filled(*sizes: int) -> Iterator[str]:
    """Have a server with a table of each size run for a ``with`` block; gives its ``mysql://`` URL.

    `RuntimeError` if there is no MariaDB and none can be installed.
    """
    program = ensure_mariadbd(say)
    if program is None:
        msg = "no MariaDB on this machine"
        raise RuntimeError(msg)
    with PrivateMariaDb(program) as database:
        asyncio.run(_fill(database.url, sizes))
        yield database.url


async def _fill(url: str, sizes: tuple[int, ...]) -> None:
    await create_schema(url)
    async with connect(parse_address(url)) as connection, connection.cursor() as cursor:
        for rows in sizes:
            name = table_name(rows)
            await cursor.execute(f"CREATE TABLE {name} LIKE {TABLE}")
            await cursor.execute(_FILL.replace("TABLE_OF_ROWS", name).replace("ROWS", str(rows)))
            await cursor.execute("COMMIT")
            await cursor.execute(f"ANALYZE TABLE {name}")
            say(f"{rows:,} rows are in MariaDB")
