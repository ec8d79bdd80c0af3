"""Refused rows of all batches, in pages, newest part file first. Edge (S3).

Rows are in part files of their batches (`stream_ingest.push.refused_rows`); the time of a row is
when its part was stored. The names of the parts are listed for each page: 1,000 a request, at most
`MAX_LISTED`. A page reads at most `MAX_PARTS` of them, and then ends with what it has found.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from ops_dashboard.inspect.batches.refused_parts import read_part
from ops_dashboard.inspect.cursors import Position, read_cursor, write_cursor
from ops_dashboard.inspect.failure import RefusedRow
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.object_keys import REFUSED_PREFIX
from stream_ingest.records.rows import RefusalReason, RowRefusal

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MAX_LISTED = 10_000
MAX_PARTS = 30
"""Part files that a page reads."""
MAX_COUNTED = 200
"""Part files that are read for totals, …"""
_READERS = 10
"""… and how many at once; boto3's clients keep ten connections."""
PASSING = frozenset({RefusalReason.NOT_SENT, RefusalReason.DEFERRED})
"""Reasons for which the same row may be accepted later."""
_PART = re.compile(rf"{REFUSED_PREFIX}(?P<batch>[^/]+)/part-[0-9]{{5,}}\.jsonl")
_LISTING = "rows"


class RefusedFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which refused rows to list; None means any."""

    batch_id: str | None = None
    creator_part: str | None = None
    reason: str | None = None
    passing: bool | None = None
    since: datetime | None = None
    """When it was stored: at this time or later, …"""
    until: datetime | None = None
    """… and before this time."""

    def matches(self, row: RowRefusal) -> bool:
        """Return whether a row matches, apart from its time and batch."""
        part = self.creator_part
        return (
            self.reason in (None, row.reason)
            and self.passing in (None, row.reason in PASSING)
            and (part is None or part.lower() in row.creator.lower())
        )

    def has_part(self, part: _Part) -> bool:
        """Return whether rows of a part file may match."""
        return (
            self.batch_id in (None, part.batch_id)
            and (self.since is None or part.stored_at >= self.since)
            and (self.until is None or part.stored_at < self.until)
        )


class RefusedPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some rows of a listing; `next` is the cursor of the next page, None on the last."""

    rows: list[RefusedRow]
    next: str | None = None


class RefusedCount(msgspec.Struct, frozen=True, kw_only=True):
    """Number of rows by reason; `complete` is False if there are more than were counted."""

    by_reason: dict[str, int]
    complete: bool


class _Part(msgspec.Struct, frozen=True, kw_only=True, order=True):
    stored_at: datetime
    key: str
    batch_id: str


class RefusedRows:
    """Reads the refused rows of one stack."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        """Read the stack's output bucket."""
        self._s3, self._bucket = s3, bucket

    def list_page(self, wanted: RefusedFilter, *, limit: int, after: str | None) -> RefusedPage:
        """Return the rows after cursor `after`; raises `UserError` if it is invalid.

        A page may have fewer than `limit` rows, or none, and still have a next page.
        """
        found: list[RefusedRow] = []
        parts, _ = self._parts(wanted)
        start = _start(after)
        later = [part for part in parts if start is None or _is_at_or_after(part, start)]
        for number, part in enumerate(later):
            if number == MAX_PARTS:
                return RefusedPage(rows=found, next=_cursor(part, 0))
            first = int(start["line"]) if start and part.key == start["key"] else 0
            for line, row in enumerate(self._rows(part)):
                if line < first or not wanted.matches(row):
                    continue
                if len(found) == limit:
                    return RefusedPage(rows=found, next=_cursor(part, line))
                found.append(_row(part, row))
        return RefusedPage(rows=found)

    def every(self, wanted: RefusedFilter) -> Iterator[RefusedRow]:
        """Yield all rows, with one part file in memory."""
        for part in self._parts(wanted)[0]:
            yield from (_row(part, row) for row in self._rows(part) if wanted.matches(row))

    def count(self, wanted: RefusedFilter) -> RefusedCount:
        """Count rows by reason, in the newest `MAX_COUNTED` part files."""
        parts, complete = self._parts(wanted)
        counts: Counter[str] = Counter()
        with ThreadPoolExecutor(_READERS, thread_name_prefix="refused") as threads:
            for rows in threads.map(self._rows, parts[:MAX_COUNTED]):
                counts.update(str(row.reason) for row in rows if wanted.matches(row))
        return RefusedCount(
            by_reason=dict(counts.most_common()), complete=complete and len(parts) <= MAX_COUNTED
        )

    def _parts(self, wanted: RefusedFilter) -> tuple[list[_Part], bool]:
        """Return the part files, newest first, and whether these are all."""
        prefix = f"{REFUSED_PREFIX}{wanted.batch_id}/" if wanted.batch_id else REFUSED_PREFIX
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        objects = (item for page in pages for item in page.get("Contents", []))
        with map_errors("list refused rows"):
            listed = list(islice(objects, MAX_LISTED + 1))
        named = ((_PART.fullmatch(item["Key"]), item) for item in listed[:MAX_LISTED])
        parts = [
            _Part(stored_at=item["LastModified"], key=item["Key"], batch_id=match["batch"])
            for match, item in named
            if match
        ]
        return sorted(filter(wanted.has_part, parts), reverse=True), len(listed) <= MAX_LISTED

    def _rows(self, part: _Part) -> list[RowRefusal]:
        return list(read_part(self._s3, self._bucket, part.key))


def _row(part: _Part, row: RowRefusal) -> RefusedRow:
    return RefusedRow(
        batch_id=part.batch_id,
        stored_at=part.stored_at.isoformat(timespec="seconds"),
        reason=str(row.reason),
        creator=row.creator,
        cover=row.cover,
        created_at=row.created_at,
        detail=row.detail,
        passing=row.reason in PASSING,
    )


def _cursor(part: _Part, line: int) -> str:
    place = {"at": part.stored_at.isoformat(), "key": part.key, "line": str(line)}
    return write_cursor({_LISTING: place})


def _start(after: str | None) -> Position | None:
    """Return the place in a cursor; raises `UserError` if it is none of this listing."""
    start = read_cursor(after, {_LISTING}).get(_LISTING)
    if start is None:
        return None
    try:
        datetime.fromisoformat(start["at"])
        is_place = start.keys() == {"at", "key", "line"} and start["line"].isdecimal()
        int(start["line"])
    except (ValueError, KeyError):
        is_place = False
    if not is_place:
        msg = "not a cursor of this listing"
        raise UserError(msg)
    return start


def _is_at_or_after(part: _Part, start: Position) -> bool:
    """Return whether a part comes at a place of the listing or after it; newest parts are first."""
    return (part.stored_at.isoformat(), part.key) <= (start["at"], start["key"])
