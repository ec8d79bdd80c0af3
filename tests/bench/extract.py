"""Reads rows from MariaDB, validates and packs them, sends nothing: rows per CPU second, memory.

The database's own time is not counted. Rows a second, with the database beside it, are a note.

plain     the same work with asyncmy, orjson and the standard library (`tests.bench.plain_rows`)
bare      asyncmy's unbuffered cursor and `orjson.loads` of the cover, and nothing else
mariadb   ``mariadb --quick`` writing the same query to a pipe that is drained

The last two do not check or pack: they are bounds of any program that reads the table.

``python -m tests.bench.extract ours|plain|bare URL ROWS`` is one run, in its own process.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
import orjson
from asyncmy.cursors import SSCursor

from stream_ingest.push.push import rehearse
from stream_ingest.sources.mysql.address import parse_address
from stream_ingest.sources.mysql.connection import connect
from stream_ingest.sources.mysql.table import PAGE_ROWS, MySqlSource
from stream_ingest.sources.source import MYSQL_COLUMNS, Selection
from tests.bench.database import filled, table_name
from tests.bench.measure import hand_over, median_ratios, paired, part, peak_mb, watched
from tests.bench.peers import missing_program
from tests.bench.plain_rows import PlainPacker, plain_row
from tests.bench.results import OURS, Limit, Measure
from tests.bench.rows import HEADER

SIZES = (100_000, 2_000_000)
SPEED_ROWS = 500_000
ROUNDS = 5
_QUERY = "SELECT creator, cover, created_at FROM {table} ORDER BY created_at, id"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run."""

    rows: int
    cpu_s: float
    seconds: float
    peak_mb: float


async def ours(url: str, table: str) -> int:
    """Read, validate and pack; return the number of packed rows."""
    source = MySqlSource(parse_address(url), table, MYSQL_COLUMNS, selection=Selection())
    report = await rehearse(source, HEADER, lambda _: None)
    assert report.rows_sent == report.rows_read
    return report.rows_sent


async def plain(url: str, table: str) -> int:
    """Read, validate and pack the plain way; return the number of rows."""
    packer, now_s = PlainPacker(), time.time()
    count = size = 0
    async for rows in _pages(url, table):
        for creator, cover, created_at in rows:
            record = packer.add(plain_row(creator, cover, created_at, now_s))
            size += len(record or b"")
        count += len(rows)
    size += sum(map(len, packer.flush()))
    assert size > count
    return count


async def bare(url: str, table: str) -> int:
    """Read and parse; return the number of rows."""
    count = 0
    async for rows in _pages(url, table):
        for _, cover, _ in rows:
            count += len(orjson.loads(cover)["url_list"])
    return count


async def _pages(url: str, table: str) -> AsyncIterator[list[tuple[str, str, datetime]]]:
    async with connect(parse_address(url)) as connection, connection.cursor(SSCursor) as cursor:
        await cursor.execute(_QUERY.format(table=table))
        while rows := await cursor.fetchmany(PAGE_ROWS):
            yield rows


def run(how: str, url: str, rows: int) -> Run:
    """Read a whole table one way."""
    began, began_cpu_s = time.perf_counter(), time.process_time()
    count = asyncio.run({"ours": ours, "plain": plain, "bare": bare}[how](url, table_name(rows)))
    cpu_s, seconds = time.process_time() - began_cpu_s, time.perf_counter() - began
    assert count == rows
    return Run(rows=count, cpu_s=cpu_s, seconds=seconds, peak_mb=peak_mb())


def _part(how: str, url: str, rows: int) -> Run:
    found: Any = part("tests.bench.extract", how, url, rows)
    return msgspec.convert(found, Run)


def _dump(url: str, rows: int) -> float:
    """Return the CPU seconds of MariaDB's own client."""
    place = urlsplit(url)
    command = [
        "mariadb", "--no-defaults", "--quick", "--batch", f"--host={place.hostname}",
        f"--port={place.port}", f"--user={place.username}", place.path.lstrip("/"),
        "--execute", _QUERY.format(table=table_name(rows)),
    ]  # fmt: skip
    return watched(command, environment={"MYSQL_PWD": place.password or ""}).cpu_s


def _speed(url: str) -> Measure:
    runs: list[Run] = []

    def ours_s() -> float:
        runs.append(_part(OURS, url, SPEED_ROWS))
        return runs[-1].cpu_s

    works: dict[str, Callable[[], float]] = {
        OURS: ours_s,
        "plain": lambda: _part("plain", url, SPEED_ROWS).cpu_s,
        "bare": lambda: _part("bare", url, SPEED_ROWS).cpu_s,
    }
    why = missing_program("mariadb", "mariadb-client-core")
    if why is None:
        works["mariadb"] = lambda: _dump(url, SPEED_ROWS)
    figures = paired(works, ROUNDS)
    found: dict[str, float | str] = {
        name: SPEED_ROWS / statistics.median(values) for name, values in figures.items()
    }
    if why:
        found["mariadb"] = why
    own = found.pop(OURS)
    assert isinstance(own, float)
    rate = SPEED_ROWS / statistics.median(run.seconds for run in runs)
    return Measure(
        name="extract",
        unit="rows/CPU-s",
        ours=own,
        peers=found,
        ratios=median_ratios(figures, OURS),
        limits={"plain": Limit(least=2)},
        note=f"{rate:,.0f} rows/s; bare and mariadb are bounds, which neither check nor pack",
    )


def _memory(url: str) -> list[Measure]:
    small, large = (_part(OURS, url, rows).peak_mb for rows in SIZES)
    return [
        Measure(name="extract.peak_2m", unit="MB", ours=large, more_is_better=False),
        Measure(name="extract.peak_100k", unit="MB", ours=small, more_is_better=False),
        Measure(
            name="extract.growth",
            unit="%",
            ours=100 * (large / small - 1),
            more_is_better=False,
            limits={OURS: Limit(most=10)},
        ),
    ]


def main() -> None:
    """Measure."""
    with filled(*sorted({*SIZES, SPEED_ROWS})) as url:
        hand_over([_speed(url), *_memory(url)])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        how, url, rows = sys.argv[1:]
        sys.stdout.buffer.write(msgspec.json.encode(run(how, url, int(rows))))
    else:
        main()
