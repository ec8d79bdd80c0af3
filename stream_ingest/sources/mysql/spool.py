"""Copies the rows of a query to disk before they are used. Edge (network, disk)."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import AsyncIterator, Sequence
from typing import Any

from asyncmy.cursors import SSCursor


async def spooled(
    connection: Any,  # noqa: ANN401 - asyncmy is a compiled module without types
    sql: str,
    values: Sequence[object],
    page_rows: int,
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Yield the rows of a query in pages, after all of them were read into a temporary file.

    The file is deleted at the end, and when this process dies. Memory does not grow with it.
    """
    pages = 0
    with tempfile.TemporaryFile() as file:
        async with connection.cursor(cursor=SSCursor) as cursor:
            await cursor.execute(sql, values)
            while rows := await cursor.fetchmany(page_rows):
                pickle.dump(list(rows), file)
                pages += 1
        file.seek(0)
        for _ in range(pages):
            yield pickle.load(file)  # noqa: S301 - written above
