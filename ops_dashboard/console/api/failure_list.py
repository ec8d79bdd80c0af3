"""Endpoints of the list of failures: pages, totals, ids, CSV, to discard. Edge (DynamoDB, S3)."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import in_thread, json_response, query_value, read_json
from ops_dashboard.console.api.streamed_file import CSV, in_lists, send_file, taken
from ops_dashboard.console.api.window_query import KINDS, choice, moment, window_filter
from ops_dashboard.inspect.failure import Failure
from ops_dashboard.inspect.failure_sheet import FailureSheet
from ops_dashboard.inspect.failures import FailureFilter, FailureList, FailurePage
from ops_dashboard.inspect.refused_rows import RefusedFilter, RefusedRows
from ops_dashboard.inspect.window_filter import WINDOW_REASONS
from stream_ingest.batches.batch_id import check_batch_id
from stream_ingest.contracts.errors import DecodeError, UserError
from stream_ingest.contracts.naming import split_window_id
from stream_ingest.records.rows import RefusalReason

_PAGE_SIZE = 60
_LINES_AT_ONCE = 200
_REASONS = tuple(dict.fromkeys((*WINDOW_REASONS, *map(str, RefusalReason))))
_ROWS, _WINDOWS = "rows", "windows"


RowId = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]


class DiscardRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Windows and refused rows to discard, or with `undo` to list again."""

    windows: Annotated[list[str], msgspec.Meta(max_length=200)] = []
    rows: Annotated[list[RowId], msgspec.Meta(max_length=200)] = []
    undo: bool = False


class FailureLists:
    """Serves the failures of one stack."""

    def __init__(self, account: Account) -> None:
        """Read the table and the output bucket of `account`."""
        self._account = account
        rows = RefusedRows(account.s3, account.outputs.output_bucket)
        self._list = FailureList(account.pages, rows, account.discards)

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under ``/api/failures``."""
        return [
            web.get("/api/failures", self._get_page),
            web.get("/api/failures/totals", self._get_totals),
            web.get("/api/failures/ids", self._get_ids),
            web.get("/api/failures/csv", self._get_csv),
            web.post("/api/failures/discard", self._post_discard),
        ]

    async def _get_page(self, request: web.Request) -> web.Response:
        """Return a page; with ``newer``, a time, only what closed or was stored since."""
        wanted, after = await self._filter(request), query_value(request, "after")
        if (since := moment(request, "newer")) is not None:
            found = await in_thread(self._list.newer, wanted, since)
            return json_response(FailurePage(failures=found))
        return json_response(
            await in_thread(self._list.list_page, wanted, limit=_PAGE_SIZE, after=after)
        )

    async def _get_totals(self, request: web.Request) -> web.Response:
        return json_response(await in_thread(self._list.totals, await self._filter(request)))

    async def _get_ids(self, request: web.Request) -> web.Response:
        return json_response(await in_thread(self._list.ids, await self._filter(request)))

    async def _get_csv(self, request: web.Request) -> web.StreamResponse:
        """Send all failures that match, as they are read."""
        failures = self._list.every(await self._filter(request))
        return await send_file(request, "failures.csv", CSV, _lines(failures))

    async def _post_discard(self, request: web.Request) -> web.Response:
        wanted = await read_json(request, DiscardRequest)
        try:
            for each in wanted.windows:
                split_window_id(each)
        except DecodeError as error:
            raise UserError(str(error)) from error
        if not (wanted.windows or wanted.rows):
            msg = "name windows or rows"
            raise UserError(msg)
        discards = self._account.discards
        change = discards.remove if wanted.undo else discards.add
        await in_thread(change, wanted.windows, wanted.rows)
        return json_response({"windows": len(wanted.windows), "rows": len(wanted.rows)})

    async def _filter(self, request: web.Request) -> FailureFilter:
        what = choice(request, "what", (_WINDOWS, _ROWS))
        reason = choice(request, "reason", _REASONS)
        discarded = choice(request, "discarded", ("yes",)) is not None
        windows = await window_filter(request, self._account.names, reasons=_REASONS)
        is_of_windows = reason is None or reason in WINDOW_REASONS
        return FailureFilter(
            windows=msgspec.structs.replace(windows, has_failures=True)
            if what != _ROWS and is_of_windows
            else None,
            rows=None if what == _WINDOWS or windows.status else self._rows_filter(request, reason),
            discarded=discarded,
        )

    def _rows_filter(self, request: web.Request, reason: str | None) -> RefusedFilter | None:
        if reason is not None and reason not in set(RefusalReason):
            return None
        kind, batch_id = query_value(request, "kind"), query_value(request, "batch")
        return RefusedFilter(
            batch_id=check_batch_id(batch_id) if batch_id else None,
            creator_part=query_value(request, "creator"),
            reason=reason,
            passing=KINDS[kind] if kind else None,
            since=moment(request, "from"),
            until=moment(request, "to"),
        )


async def _lines(failures: Iterator[Failure]) -> AsyncIterator[bytes]:
    """Yield a CSV file in parts."""
    text = io.StringIO(newline="")
    sheet = FailureSheet(text)
    async for part in in_lists(failures, _LINES_AT_ONCE):
        for failure in part:
            sheet.add(failure)
        yield taken(text)
    yield taken(text)
