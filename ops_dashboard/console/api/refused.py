"""Refused rows for the pages: which batches have any, and the rows themselves. Edge (S3)."""

from __future__ import annotations

import re
from collections import Counter

import msgspec
from aiohttp import web

from ops_dashboard.console.account import Account
from ops_dashboard.console.api.json_api import answer, in_thread
from stream_ingest.aws.errors import map_errors
from stream_ingest.batches.registry import check_batch_id
from stream_ingest.contracts.errors import UserError
from stream_ingest.records.rows import Refusal

_PREFIX = "failed/rows/"
_ROWS = 100
_PART = re.compile(r"part-([0-9]{5,})\.jsonl$")


class RefusedBatches(msgspec.Struct, frozen=True, kw_only=True):
    """Ids of the batches of which rows were refused, newest first."""

    batches: list[str]


class RefusedPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some refused rows of a batch; `next` is where to go on, None at the end."""

    rows: list[Refusal]
    reasons: dict[str, int]
    """Of the rows in this page's part."""
    next: str | None = None


class Refused:
    """Answers which rows were refused, and why."""

    def __init__(self, account: Account) -> None:
        """Read one stack's output bucket."""
        self._account = account

    def routes(self) -> list[web.RouteDef]:
        """Return what is answered where."""
        return [
            web.get("/api/refused", self._batches),
            web.get("/api/refused/{batch_id}", self._rows),
        ]

    async def _batches(self, _request: web.Request) -> web.Response:
        return answer(RefusedBatches(batches=await in_thread(self._list)))

    async def _rows(self, request: web.Request) -> web.Response:
        batch_id = check_batch_id(request.match_info["batch_id"])
        part, first = _position(request.query.get("after", "1.0"))
        return answer(await in_thread(self._read, batch_id, part, first))

    def _list(self) -> list[str]:
        s3, bucket = self._account.s3, self._account.outputs.output_bucket
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=_PREFIX, Delimiter="/"
        )
        with map_errors("list refused rows"):
            found = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
        return sorted((each.split("/")[-2] for each in found), reverse=True)

    def _read(self, batch_id: str, part: int, first: int) -> RefusedPage:
        s3, bucket = self._account.s3, self._account.outputs.output_bucket
        key = f"{_PREFIX}{batch_id}/part-{part:05d}.jsonl"
        try:
            with map_errors(f"read {key}"):
                lines = s3.get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()
        except s3.exceptions.NoSuchKey:
            return RefusedPage(rows=[], reasons={})
        rows = [msgspec.json.decode(line, type=Refusal) for line in lines]
        end = first + _ROWS
        more = f"{part}.{end}" if end < len(rows) else self._next_part(batch_id, part)
        return RefusedPage(
            rows=rows[first:end],
            reasons=dict(Counter(str(row.reason) for row in rows).most_common()),
            next=more,
        )

    def _next_part(self, batch_id: str, part: int) -> str | None:
        with map_errors("list refused rows"):
            answered = self._account.s3.list_objects_v2(
                Bucket=self._account.outputs.output_bucket,
                Prefix=f"{_PREFIX}{batch_id}/part-",
                StartAfter=f"{_PREFIX}{batch_id}/part-{part:05d}.jsonl",
                MaxKeys=1,
            )
        names = [_PART.search(item["Key"]) for item in answered.get("Contents", [])]
        return next((f"{int(name[1])}.0" for name in names if name), None)


def _position(text: str) -> tuple[int, int]:
    """Return the part and row of ``3.200``."""
    part, _, row = text.partition(".")
    if not (part.isdecimal() and row.isdecimal()):
        msg = f"not a page of refused rows: {text[:20]!r}"
        raise UserError(msg)
    return int(part), int(row)
