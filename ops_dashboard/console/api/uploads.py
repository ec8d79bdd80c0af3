"""Endpoints of CSV uploads, which are pushed as `stream-ingest push --csv` does. Edge (disk).

A file stays in the state directory until its push has ended, or as long as an interrupted push can
be continued with ``stream-ingest push --resume --batch-id ID``. A console that is started again
shows how earlier uploads ended, too, and every console those of all consoles (`upload_runs`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Mapping
from io import FileIO
from pathlib import Path

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
from ops_dashboard.console.api.upload_folder import (
    FAILED,
    SENDING,
    SENT,
    Upload,
    UploadFolder,
    how_to_resume,
    write_chunk,
)
from ops_dashboard.console.api.upload_news import UploadNews
from ops_dashboard.recovery.runs.upload_runs import UploadRuns
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
from stream_ingest.push import checkpoint, runner
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.source_options import SourceOptions

_MAX_UPLOADS = 20
_OTHER_FIELDS = frozenset({"name", "batch", *READING})
"""Fields of an upload that are not options of its batch."""
_CHUNK_BYTES = 1 << 18
_CUT_OFF = "the file did not arrive completely; upload it again"
_LOG = logging.getLogger(__name__)


Push = Callable[[SourceOptions, BatchHeader], object]


def folder_of(stack: str) -> Path:
    """Return where the uploads to a stack are."""
    return user_state_path("coverstream", appauthor=False) / "uploads" / stack


def has_checkpoint(batch_id: str) -> bool:
    """Return whether this machine can continue the push of a batch."""
    return batch_id in checkpoint.unfinished()


def push_to(stack: str) -> Push:
    """Return a function that pushes a file into a stack's stream, as the CLI does. It blocks."""
    return lambda source, header: runner.push(source, header, stack)


class Uploads:
    """Receives files, checks them, and pushes each as a batch."""

    def __init__(  # noqa: PLR0913 - what an upload needs
        self,
        push: Push,
        folder: Path,
        *,
        max_bytes: int = MAX_UPLOAD_BYTES,
        defaults: BatchOptions = NO_OPTIONS,
        can_resume: Callable[[str], bool] = has_checkpoint,
        runs: UploadRuns | None = None,
    ) -> None:
        """Push with `push`; store files in `folder` until then.

        A batch gets `defaults` for the options that are left open. `can_resume` returns whether a
        batch's push can be continued. Without `runs`, only this console shows its uploads.
        """
        self._push = push
        self._can_resume = can_resume
        self._folder = UploadFolder(folder, can_resume, shown=_MAX_UPLOADS)
        self._max_bytes, self._defaults = max_bytes, defaults
        self._uploads = deque(self._folder.recover(), maxlen=_MAX_UPLOADS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = UploadNews(runs)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under ``/api/uploads``."""
        return [
            web.get("/api/uploads", self._get_list),
            web.post("/api/uploads", self._post),
            web.get("/api/uploads/all", self._get_all),
            web.get("/api/uploads/defaults", self._get_defaults),
        ]

    async def finish(self) -> None:
        """Wait for the pushes that are running."""
        await asyncio.gather(*self._tasks)
        await self._news.finish()

    async def _get_list(self, _request: web.Request) -> web.Response:
        return json_response(list(self._uploads))

    async def _get_all(self, _request: web.Request) -> web.Response:
        """Return the newest uploads of all consoles."""
        return json_response(await self._news.newest(_MAX_UPLOADS))

    async def _get_defaults(self, _request: web.Request) -> web.Response:
        return json_response(show_defaults(self._defaults))

    async def _post(self, request: web.Request) -> web.Response:
        """Store the body as a file, check it, and push it in the background."""
        name = check_name(request.query.get("name", ""))
        settings = read_settings(request.query, self._defaults)
        reading = read_reading(request.query, _label)
        batch_id = check_batch_id(request.query.get("batch") or new_batch_id())
        upload = Upload(batch_id=batch_id, name=name)
        file = await in_thread(self._folder.create, upload)
        await self._news.record(upload)
        try:
            with contextlib.closing(file):
                upload.bytes = await self._receive(request, file)
            path = await in_thread(self._folder.complete, batch_id)
            upload.remarks = await in_thread(check_rows, path, reading)
            upload.state = SENDING
            await in_thread(self._folder.save, upload)
        except UserError as error:
            await in_thread(self._folder.forget, batch_id)
            await self._news.record(msgspec.structs.replace(upload, state=FAILED, error=str(error)))
            raise
        except BaseException:
            await self._end(upload, FAILED, _CUT_OFF)
            raise
        self._show(upload)
        await self._news.record(upload)
        task = asyncio.create_task(self._send(upload, path, settings, reading))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return json_response(upload, status=202)

    def _show(self, upload: Upload) -> None:
        """Show an upload in place of an earlier one of its batch, else first."""
        known = [each.batch_id for each in self._uploads]
        if upload.batch_id in known:
            self._uploads[known.index(upload.batch_id)] = upload
        else:
            self._uploads.appendleft(upload)

    async def _end(self, upload: Upload, state: str, error: str | None = None) -> None:
        """Tidy up after an upload, then show how it ended."""
        ended = msgspec.structs.replace(upload, state=state, error=error)
        try:
            await asyncio.shield(in_thread(self._folder.end, ended))
        finally:
            self._show(ended)
        await self._news.record(ended)

    async def _receive(self, request: web.Request, file: FileIO) -> int:
        """Write the body of a request to a file; return its size in bytes."""
        limit = SizeLimit(self._max_bytes)
        async for chunk in request.content.iter_chunked(_CHUNK_BYTES):
            await in_thread(write_chunk, file, limit.count(chunk))
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
            await self._end(upload, FAILED, str(error))
        except (CoverstreamError, ClientError, BotoCoreError) as error:
            _LOG.warning("push of upload %s failed: %s", upload.batch_id, error)
            resumes = await in_thread(self._can_resume, upload.batch_id)
            how = how_to_resume(upload.batch_id) if resumes else "upload the file again"
            await self._end(upload, FAILED, f"{error}; {how}")
        else:
            await self._end(upload, SENT)


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
    return option.removesuffix("_px").removesuffix("_s").replace("_", " ")
