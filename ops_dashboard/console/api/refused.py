"""Endpoints of refused rows: the batches that have some, and the rows themselves. Edge (S3)."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import in_thread, json_response
from ops_dashboard.inspect.batches.refused_parts import read_refused
from stream_ingest.aws.errors import map_errors
from stream_ingest.batches.batch_id import check_batch_id
from stream_ingest.contracts.errors import UserError
from stream_ingest.records.rows import RowRefusal

_PREFIX = "failed/rows/"
_PAGE_SIZE = 100
_POSITION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")
_PART = re.compile(r"part-([0-9]{5,})\.jsonl$")


class RefusedBatches(msgspec.Struct, frozen=True, kw_only=True):
    """Ids of the batches with refused rows, newest first."""

    batches: list[str]


class RefusedPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a batch's refused rows; `next` is the position of the next page, if any."""

    rows: list[RowRefusal]
    reasons: dict[str, int]
    """Number of rows by reason, in the part file of this page."""
    next: str | None = None


class Refused:
    """Serves the refused rows of one stack."""

    def __init__(self, account: Account) -> None:
        """Read from the output bucket of `account`."""
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under ``/api/refused``."""
        return [
            web.get("/api/refused", self._get_batches),
            web.get("/api/refused/{batch_id}", self._get_rows),
        ]

    async def _get_batches(self, _request: web.Request) -> web.Response:
        return json_response(RefusedBatches(batches=await in_thread(self._list_batches)))

    async def _get_rows(self, request: web.Request) -> web.Response:
        batch_id = check_batch_id(request.match_info["batch_id"])
        part, first = _parse_position(request.query.get("after", "1.0"))
        return json_response(await in_thread(self._read_page, batch_id, part, first))

    def _list_batches(self) -> list[str]:
        s3, bucket = self._account.s3, self._account.outputs.output_bucket
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=_PREFIX, Delimiter="/"
        )
        with map_errors("list refused rows"):
            found = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
        return sorted((each.split("/")[-2] for each in found), reverse=True)

    def _read_page(self, batch_id: str, part: int, first: int) -> RefusedPage:
        s3, bucket = self._account.s3, self._account.outputs.output_bucket
        key = f"{_PREFIX}{batch_id}/part-{part:05d}.jsonl"
        try:
            with map_errors(f"read {key}"):
                lines = s3.get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()
        except s3.exceptions.NoSuchKey:
            return RefusedPage(rows=[], reasons={})
        rows = [read_refused(f"{key}, line {n}", line) for n, line in enumerate(lines, 1)]
        end = first + _PAGE_SIZE
        return RefusedPage(
            rows=rows[first:end],
            reasons=dict(Counter(str(row.reason) for row in rows).most_common()),
            next=f"{part}.{end}" if end < len(rows) else self._next_part(batch_id, part),
        )

    def _next_part(self, batch_id: str, part: int) -> str | None:
        """Return the position of the first row of the next part file, or None at the end."""
        with map_errors("list refused rows"):
            answer = self._account.s3.list_objects_v2(
                Bucket=self._account.outputs.output_bucket,
                Prefix=f"{_PREFIX}{batch_id}/part-",
                StartAfter=f"{_PREFIX}{batch_id}/part-{part:05d}.jsonl",
                MaxKeys=1,
            )
        names = [_PART.search(item["Key"]) for item in answer.get("Contents", [])]
        return next((f"{int(name[1])}.0" for name in names if name), None)


def _parse_position(text: str) -> tuple[int, int]:
    """Return part and row of a position such as ``3.200``; raises `UserError` for other text."""
    match = _POSITION.fullmatch(text)
    if match is None:
        msg = f"not a page of refused rows: {text[:20]!r}"
        raise UserError(msg)
    return int(match[1]), int(match[2])
