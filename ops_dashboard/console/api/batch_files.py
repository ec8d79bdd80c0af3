"""Files of a batch, made while they are sent: two lists as CSV, its collages as a zip. Edge (S3).

Memory does not grow with the batch. A file that cannot be finished is cut off (`streamed_file`).
"""

from __future__ import annotations

import asyncio
import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime

from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import in_thread
from ops_dashboard.console.api.streamed_file import CSV, ZIP, in_lists, send_file, taken
from ops_dashboard.inspect.batches.refused_parts import refused_rows
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item
from stream_ingest.batches.batch_id import check_batch_id
from stream_ingest.batches.results.sheet import Sheet, safe_cell
from stream_ingest.contracts import table
from stream_ingest.contracts.naming import window_id
from stream_ingest.contracts.object_keys import refused_prefix
from stream_ingest.records.rows import RowRefusal

_LINES_AT_ONCE = 500
_COLLAGES_AT_ONCE = 8
_REFUSED_COLUMNS = ("creator_name", "cover_url", "created_at", "reason", "what_is_wrong")
_MISSING = "missing.txt"
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_NO_DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest date of a zip's entry."""


class BatchFiles:
    """Serves files of the batches of one stack."""

    def __init__(self, account: Account) -> None:
        """Read from the table and the output bucket of `account`."""
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        """Return the routes of the files."""
        return [
            web.get("/api/batches/{batch_id}/report.csv", self._get_report),
            web.get("/api/batches/{batch_id}/refused.csv", self._get_refused),
            web.get("/api/batches/{batch_id}/collages.zip", self._get_collages),
        ]

    async def _get_report(self, request: web.Request) -> web.StreamResponse:
        batch_id = await self._batch_id(request)
        return await send_file(request, f"{batch_id}.csv", CSV, self._report(batch_id))

    async def _get_refused(self, request: web.Request) -> web.StreamResponse:
        batch_id = await self._batch_id(request)
        return await send_file(request, f"{batch_id}-refused.csv", CSV, self._refused(batch_id))

    async def _get_collages(self, request: web.Request) -> web.StreamResponse:
        batch_id = await self._batch_id(request)
        return await send_file(request, f"{batch_id}-collages.zip", ZIP, self._collages(batch_id))

    async def _report(self, batch_id: str) -> AsyncIterator[bytes]:
        text = io.StringIO(newline="")
        sheet = Sheet(text)
        async for part in in_lists(self._account.batches.windows(batch_id), _LINES_AT_ONCE):
            for window in part:
                sheet.add(window)
            yield taken(text)
        yield taken(text)

    async def _refused(self, batch_id: str) -> AsyncIterator[bytes]:
        text = io.StringIO(newline="")
        writer = csv.writer(text, quoting=csv.QUOTE_ALL)
        writer.writerow(_REFUSED_COLUMNS)
        s3, bucket = self._account.s3, self._account.outputs.output_bucket
        rows = refused_rows(s3, bucket, refused_prefix(batch_id))
        async for part in in_lists(rows, _LINES_AT_ONCE):
            writer.writerows(map(_refused_cells, part))
            yield taken(text)
        yield taken(text)

    async def _collages(self, batch_id: str) -> AsyncIterator[bytes]:
        windows = (
            each for each in self._account.batches.windows(batch_id) if "collage_key" in each
        )
        archive, missing = StreamedZip(), list[str]()
        async for part in in_lists(windows, _COLLAGES_AT_ONCE):
            bodies = await asyncio.gather(
                *(in_thread(self._collage, str(each["collage_key"])) for each in part)
            )
            for window, body in zip(part, bodies, strict=True):
                if body is None:
                    missing.append(str(window["collage_key"]))
                else:
                    yield archive.add(_entry(window), body)
        if missing:
            text = "These collages are not in the bucket any more:\n" + "\n".join(missing) + "\n"
            yield archive.add(zipfile.ZipInfo(_MISSING), text.encode())
        yield archive.end()

    async def _batch_id(self, request: web.Request) -> str:
        batch_id = check_batch_id(request.match_info["batch_id"])
        if await in_thread(self._account.batches.load, batch_id) is None:
            raise web.HTTPNotFound(text=f"no batch {batch_id}")
        return batch_id

    def _collage(self, key: str) -> bytes | None:
        s3 = self._account.s3
        try:
            with map_errors(f"read {key}"):
                answer = s3.get_object(Bucket=self._account.outputs.output_bucket, Key=key)
                return answer["Body"].read()
        except s3.exceptions.NoSuchKey:
            return None


class StreamedZip:
    """A zip of uncompressed entries, whose bytes are returned as soon as they are known."""

    def __init__(self) -> None:
        """Start an empty one."""
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_STORED)

    def add(self, entry: zipfile.ZipInfo, body: bytes) -> bytes:
        """Return the bytes of an entry, and what is before it."""
        self._zip.writestr(entry, body)
        return self._sink.taken()

    def end(self) -> bytes:
        """Return the directory, which is the end of the zip."""
        self._zip.close()
        return self._sink.taken()


class _Sink:
    """A file that can only be written; `zipfile` then needs no seeking."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing: everything is in memory until it is taken."""

    def close(self) -> None:
        """Do nothing: `taken` still returns the rest."""

    def taken(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _entry(window: Item) -> zipfile.ZipInfo:
    """Return the entry of a window's collage: ``charli_000012.jpg``, of the time it closed."""
    number = table.window_number(str(window[table.SORT_KEY]))
    name = window_id(str(window[table.PARTITION_KEY]), number).replace(":", "_")
    closed_at = str(window.get(table.CLOSED_AT, ""))
    moment = datetime.fromisoformat(closed_at) if _DATE.fullmatch(closed_at) else None
    return zipfile.ZipInfo(f"{name}.jpg", moment.timetuple()[:6] if moment else _NO_DATE)


def _refused_cells(row: RowRefusal) -> list[str]:
    cells = (row.creator, row.cover, row.created_at, str(row.reason), row.detail)
    return [safe_cell(cell) for cell in cells]
