"""A read ends when it is cancelled, also between two packets that arrive at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from stream_ingest.sources.mysql.address import parse_address
from stream_ingest.sources.mysql.connection import connect, fetch
from tests.fakes.ingest.mysql import Database

TRIES = 20
PATIENCE_S = 10


async def query_for_ever(url: str) -> None:
    async with connect(parse_address(url)) as connection:
        while True:
            await fetch(connection, "SELECT 1", [])


async def connect_for_ever(url: str) -> None:
    while True:
        async with connect(parse_address(url)):
            pass


@pytest.mark.parametrize("work", [query_for_ever, connect_for_ever])
def test_a_cancelled_read_ends(
    database: Database, work: Callable[[str], Coroutine[None, None, None]]
) -> None:
    """`asyncio.wait_for` loses most of these cancellations before Python 3.12."""

    async def cancel() -> bool:
        task = asyncio.create_task(work(f"{database.url}?read-timeout=3s"))
        await asyncio.sleep(0.05)  # the task is somewhere in its loop
        task.cancel()
        await asyncio.wait([task], timeout=PATIENCE_S)

        return task.cancelled()

    async def cancel_many() -> list[bool]:
        return [await cancel() for _ in range(TRIES)]

    assert asyncio.run(cancel_many()) == [True] * TRIES
