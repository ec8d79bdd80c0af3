"""CSV files dropped onto a page go into the stream as `stream-ingest push --csv` sends them. Edge.

The file is kept under the state directory until its push has ended, so that one that was cut short
can be taken up with ``stream-ingest push --resume --batch-id ID``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec
from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError
from platformdirs import user_state_path

from ops_dashboard.console.api.csv_check import TextCheck, check_columns, check_name
from ops_dashboard.console.api.json_api import answer, in_thread
from stream_ingest.batches.registry import check_batch_id
from stream_ingest.cli import push as push_command
from stream_ingest.cli.main import new_batch_id
from stream_ingest.cli.options import SourceOptions
from stream_ingest.contracts.errors import CoverstreamError, UserError
from stream_ingest.contracts.settings import BATCH_END, BatchSettings, parse_flush
from stream_ingest.records.codec import BatchHeader

_KEPT = 20
_CHUNK_BYTES = 1 << 18
_LOG = logging.getLogger(__name__)


class Upload(msgspec.Struct, kw_only=True):
    """One file and what became of its push."""

    batch_id: str
    name: str
    bytes: int
    state: str = "sending"
    """``sending``, ``sent`` or ``failed``; from ``sent`` on the batch itself tells more."""
    error: str | None = None


Push = Callable[[SourceOptions, BatchHeader], object]


def push_to(stack: str) -> Push:
    """Return what sends a file into a stack's stream (blocking), as the command line does."""
    return lambda chosen, header: push_command.push(chosen, header, stack, wait=False)


class Uploads:
    """Takes files, checks them, and pushes each as a batch."""

    def __init__(self, push: Push, folder: Path | None = None) -> None:
        """Send with `push`, keep files in `folder` meanwhile."""
        self._push = push
        self._folder = folder or user_state_path("coverstream", appauthor=False) / "uploads"
        self._uploads: deque[Upload] = deque(maxlen=_KEPT)
        self._sending: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered where."""
        return [web.get("/api/uploads", self._list), web.post("/api/uploads", self._take)]

    async def finish(self) -> None:
        """Wait for the pushes that are under way."""
        await asyncio.gather(*self._sending)

    async def _list(self, _request: web.Request) -> web.Response:
        return answer(list(self._uploads))

    async def _take(self, request: web.Request) -> web.Response:
        """Keep the body as a file, check it, and push it while the page watches."""
        name = check_name(request.query.get("name", ""), request.content_type)
        settings = _settings(request.query.get("flush", "batch-end"))
        batch_id = check_batch_id(request.query.get("batch") or new_batch_id())
        path = self._folder / f"{batch_id}.csv"
        file = await in_thread(_created, path)
        try:
            with contextlib.closing(file):
                size = await _received(request, file)
            await in_thread(check_columns, path)
        except BaseException:
            await in_thread(path.unlink, missing_ok=True)
            raise
        upload = Upload(batch_id=batch_id, name=name, bytes=size)
        self._uploads.appendleft(upload)
        task = asyncio.create_task(self._send(upload, path, settings))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)
        return answer(upload, status=202)

    async def _send(self, upload: Upload, path: Path, settings: BatchSettings) -> None:
        chosen = SourceOptions(
            mysql=None,
            mysql_secret=None,
            table="",
            csv=path,
            columns=None,
            since=None,
            until=None,
            creators=(),
        )
        header = BatchHeader(batch_id=upload.batch_id, trigger=chosen.trigger, settings=settings)
        try:
            await in_thread(self._push, chosen, header)
        except (CoverstreamError, ClientError, BotoCoreError) as error:
            _LOG.warning("upload %s: %s", upload.batch_id, error)
            upload.state, upload.error = "failed", str(error)
        else:
            await in_thread(path.unlink)
            upload.state = "sent"


async def _received(request: web.Request, file: BinaryIO) -> int:
    """Write a request's body into a file; return its size in bytes."""
    check = TextCheck()
    async for chunk in request.content.iter_chunked(_CHUNK_BYTES):
        await in_thread(file.write, check.take(chunk))
    check.take(b"", last=True)
    return check.size


def _created(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return path.open("xb")
    except FileExistsError as error:
        msg = f"batch {path.stem} exists already"
        raise UserError(msg) from error


def _settings(flush: str) -> BatchSettings:
    """Return the default collage under a flush policy, ``batch-end`` or as the command takes it."""
    policy = BATCH_END if flush == "batch-end" else parse_flush(flush)
    return msgspec.structs.replace(BatchSettings(), flush=policy)
