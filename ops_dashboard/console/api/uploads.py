"""Endpoints of CSV uploads, which are pushed as `stream-ingest push --csv` does. Edge (disk).

A file stays in the state directory until its push has ended, so that an interrupted push can be
continued with ``stream-ingest push --resume --batch-id ID``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec
from aiohttp import web
from botocore.exceptions import BotoCoreError, ClientError
from platformdirs import user_state_path

from ops_dashboard.console.api.csv_check import (
    MAX_UPLOAD_BYTES,
    SizeLimit,
    check_name,
    check_rows,
)
from ops_dashboard.console.api.json_api import in_thread, json_response
from stream_ingest.batches.batch_id import check_batch_id, new_batch_id
from stream_ingest.contracts.batch_options import (
    GRID,
    NO_OPTIONS,
    OPTIONS,
    BatchOptions,
    file_defaults,
    lay_over,
    read_options,
    settings_of,
)
from stream_ingest.contracts.errors import CoverstreamError, RejectedError, UserError
from stream_ingest.contracts.reading import READING, Reading, read_reading
from stream_ingest.contracts.settings import BatchSettings
from stream_ingest.push import runner
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.source_options import SourceOptions

_MAX_UPLOADS = 20
_OTHER_FIELDS = frozenset({"name", "batch", *READING})
"""Fields of an upload that are not options of its batch."""
_CHUNK_BYTES = 1 << 18
_LOG = logging.getLogger(__name__)


class Upload(msgspec.Struct, kw_only=True):
    """One file and the state of its push."""

    batch_id: str
    name: str
    bytes: int
    state: str = "sending"
    """``sending``, ``sent`` or ``failed``. Once sent, the batch itself has the progress."""
    error: str | None = None
    remarks: tuple[str, ...] = ()
    """What the file's owner should know about how it was read."""


Push = Callable[[SourceOptions, BatchHeader], object]


def push_to(stack: str) -> Push:
    """Return a function that pushes a file into a stack's stream, as the CLI does. It blocks."""
    return lambda source, header: runner.push(source, header, stack)


class Uploads:
    """Receives files, checks them, and pushes each as a batch."""

    def __init__(
        self,
        push: Push,
        folder: Path | None = None,
        max_bytes: int = MAX_UPLOAD_BYTES,
        defaults: BatchOptions = NO_OPTIONS,
    ) -> None:
        """Push with `push`; store files in `folder` until then.

        A batch gets `defaults` for the options that are left open.
        """
        self._push = push
        self._folder = folder or user_state_path("coverstream", appauthor=False) / "uploads"
        self._max_bytes, self._defaults = max_bytes, defaults
        self._uploads: deque[Upload] = deque(maxlen=_MAX_UPLOADS)
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under ``/api/uploads``."""
        return [
            web.get("/api/uploads", self._get_list),
            web.post("/api/uploads", self._post),
            web.get("/api/uploads/defaults", self._get_defaults),
        ]

    async def finish(self) -> None:
        """Wait for the pushes that are running."""
        await asyncio.gather(*self._tasks)

    async def _get_list(self, _request: web.Request) -> web.Response:
        return json_response(list(self._uploads))

    async def _get_defaults(self, _request: web.Request) -> web.Response:
        return json_response(show_defaults(self._defaults))

    async def _post(self, request: web.Request) -> web.Response:
        """Store the body as a file, check it, and push it in the background."""
        name = check_name(request.query.get("name", ""))
        settings = read_settings(request.query, self._defaults)
        reading = read_reading(request.query, _label)
        batch_id = check_batch_id(request.query.get("batch") or new_batch_id())
        path = self._folder / f"{batch_id}.csv"
        file = await in_thread(_create, path)
        try:
            with contextlib.closing(file):
                size = await self._receive(request, file)
            remarks = await in_thread(check_rows, path, reading)
        except BaseException:
            await in_thread(path.unlink, missing_ok=True)
            raise
        upload = Upload(batch_id=batch_id, name=name, bytes=size, remarks=remarks)
        self._uploads.appendleft(upload)
        task = asyncio.create_task(self._send(upload, path, settings, reading))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return json_response(upload, status=202)

    async def _receive(self, request: web.Request, file: BinaryIO) -> int:
        """Write the body of a request to a file; return its size in bytes."""
        limit = SizeLimit(self._max_bytes)
        async for chunk in request.content.iter_chunked(_CHUNK_BYTES):
            await in_thread(file.write, limit.count(chunk))
        return limit.size

    async def _send(
        self, upload: Upload, path: Path, settings: BatchSettings, reading: Reading
    ) -> None:
        source = SourceOptions(
            mysql=None,
            mysql_secret=None,
            table="",
            csv=path,
            columns=reading.columns,
            dates=reading.dates,
            timezone=reading.timezone or None,
            since=None,
            until=None,
            creators=(),
            uploaded_as=upload.name,
        )
        header = BatchHeader(batch_id=upload.batch_id, trigger=source.trigger, settings=settings)
        try:
            await in_thread(self._push, source, header)
        except RejectedError as error:
            await in_thread(path.unlink)
            upload.state, upload.error = "failed", str(error)
        except (CoverstreamError, ClientError, BotoCoreError) as error:
            _LOG.warning("push of upload %s failed: %s", upload.batch_id, error)
            upload.state, upload.error = "failed", str(error)
        else:
            await in_thread(path.unlink)
            upload.state = "sent"


def _create(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return path.open("xb")
    except FileExistsError as error:
        msg = f"batch {path.stem} exists already"
        raise UserError(msg) from error


def read_settings(query: Mapping[str, str], defaults: BatchOptions) -> BatchSettings:
    """Return the settings that a form's fields make; an empty field has the stack's default.

    Raises `UserError` that names the field that is wrong.
    """
    fields = {name: value for name, value in query.items() if value and name not in _OTHER_FIELDS}
    for name in fields:
        if name != GRID and name not in OPTIONS:
            msg = f"{name} is not an option of a batch"
            raise UserError(msg)
    options = read_options(fields, _label)
    return settings_of(lay_over(options, file_defaults(defaults)), _label)


def show_defaults(defaults: BatchOptions) -> dict[str, object]:
    """Return what a batch has if the form is left empty."""
    settings = settings_of(defaults)
    layout = settings.layout
    return {
        GRID: f"{layout.rows}x{layout.cols}",
        "cell_px": layout.cell_px,
        "quality": layout.quality,
        "background": layout.background,
        "fit_rows": layout.fit_rows,
        "pack": layout.pack,
        "images_per_window": settings.images_per_window,
        "dedup": settings.dedup,
        "group_by_creator": settings.group_by_creator,
    }


def _label(option: str) -> str:
    return option.replace("_", " ")
