"""Files that are sent while they are made. Edge (aiohttp).

A file that cannot be finished is cut off: its last chunk is missing, so browsers and programs
report a failed download and not a short file.
"""

from __future__ import annotations

import io
import logging
from collections.abc import AsyncIterator, Iterable
from itertools import islice
from typing import TypeVar

from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError

from ops_dashboard.console.api.json_api import in_thread
from stream_ingest.contracts.errors import CoverstreamError

CSV, ZIP = "text/csv; charset=utf-8", "application/zip"
_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")


async def send_file(
    request: web.Request, name: str, kind: str, parts: AsyncIterator[bytes]
) -> web.StreamResponse:
    """Send a file while it is made; if that fails, close the connection before its end.

    The response begins with the first part: until then an error is raised, and answered as any. A
    download that the browser cancels is no error.
    """
    first = await anext(parts, b"")
    response = web.StreamResponse(
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Type": kind,
            "X-Content-Type-Options": "nosniff",
        }
    )
    await response.prepare(request)
    is_whole = False
    try:
        await response.write(first)
        async for part in parts:
            await response.write(part)
        is_whole = True
    except (CoverstreamError, ClientError, BotoCoreError) as error:
        _LOG.warning("%s is not finished: %s", name, error)
    except ConnectionError:
        _LOG.info("the download of %s was cancelled", name)
    finally:
        if not is_whole and request.transport is not None:
            request.transport.abort()
    return response


async def in_lists(items: Iterable[_T], size: int) -> AsyncIterator[list[_T]]:
    """Yield items in lists; they are read in a thread, because reading them blocks."""
    iterator = iter(items)
    while part := await in_thread(lambda: list(islice(iterator, size))):
        yield part


def taken(text: io.StringIO) -> bytes:
    """Return what was written to a text since the last call."""
    data = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return data
