"""Refused rows of all batches, newest part file first. Edge (S3).

Rows are in part files of their batches (`stream_ingest.push.refused_rows`); the time of a row is
when its part was stored. `refused_part_names` lists the parts.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import lru_cache, partial
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from ops_dashboard.inspect.batches.refused_parts import read_part
from ops_dashboard.inspect.cursors import Position
from ops_dashboard.inspect.failure import RefusedRow
from ops_dashboard.inspect.merging import Step
from ops_dashboard.inspect.refused_part_names import Part, RefusedPartNames
from stream_ingest.contracts.errors import UserError
from stream_ingest.records.rows import RefusalReason, RowRefusal

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MAX_COUNTED = 200
"""Part files that are read for totals, …"""
_READERS = 10
"""… and how many at once; boto3's clients keep ten connections."""
_POLL_AGE_S = 60.0
"""How old the names of part files may be for what is polled."""
PASSING = frozenset({RefusalReason.NOT_SENT, RefusalReason.DEFERRED})
"""Reasons for which the same row may be accepted later."""
_PLACE = frozenset({"at", "key", "line"})
_ID_DIGITS = 32
_DIGITS = 9
"""Maximum number of digits of a line's number."""
AcceptRow = Callable[[str], bool]
"""Decides about a row by its id, besides the filter."""


def any_row(_id: str) -> bool:
    """Accept every row."""
    return True


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
        return self.has_reason(row.reason) and (part is None or part.lower() in row.creator.lower())

    def has_reason(self, reason: RefusalReason) -> bool:
        """Return whether rows with a reason may match."""
        return self.reason in (None, reason) and self.passing in (None, reason in PASSING)

    def has_part(self, part: Part) -> bool:
        """Return whether rows of a part file may match."""
        return (
            self.batch_id in (None, part.batch_id)
            and (self.since is None or part.stored_at >= self.since)
            and (self.until is None or part.stored_at < self.until)
        )


class RefusedCount(msgspec.Struct, frozen=True, kw_only=True):
    """Number of rows by reason; `complete` is False if there are more than were counted."""

    by_reason: dict[str, int]
    complete: bool


class RefusedRows:
    """Reads the refused rows of one stack."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        """Read the stack's output bucket."""
        self._s3, self._bucket = s3, bucket
        self._names = RefusedPartNames(s3, bucket)
        # A part is replaced as a whole, at another time; so its rows are those of its key and time.
        self._known_reasons = lru_cache(MAX_COUNTED)(partial(self._reasons, RefusedFilter()))

    def steps(
        self, wanted: RefusedFilter, *, after: Position | None, accept: AcceptRow = any_row
    ) -> Iterator[Step[RefusedRow]]:
        """Yield the rows after a position, each part with a step of its own before it is read.

        Reading a part costs 1. Raises `UserError` if the position is invalid.
        """
        if after is not None:
            _check_place(after)
        for part in self._parts(wanted)[0]:
            if after is not None and (part.at, part.key) > (after["at"], after["key"]):
                continue
            first = int(after["line"]) if after and part.key == after["key"] else 0
            yield Step(at=part.at, position=_place(part, first))
            rows = self._rows(part)
            for line, (row_id, row) in enumerate(rows):
                if line >= first and wanted.matches(row) and accept(row_id):
                    found = _row(part, row_id, row)
                    yield Step(at=part.at, position=_place(part, line + 1), found=found, cost=0)
            yield Step(at=part.at, position=_place(part, len(rows)), cost=0)

    def every(self, wanted: RefusedFilter, accept: AcceptRow = any_row) -> Iterator[RefusedRow]:
        """Yield all rows, with one part file in memory."""
        return self._found(self._parts(wanted)[0], wanted, accept)

    def newer(
        self, wanted: RefusedFilter, accept: AcceptRow = any_row, *, parts: int, limit: int
    ) -> list[RefusedRow]:
        """Return up to `limit` rows of the newest part files, of which `parts` are read at most.

        Cheap enough to poll: a part file that is less than a minute old may be missing.
        """
        newest, _ = self._parts(wanted, _POLL_AGE_S)
        return list(islice(self._found(newest[:parts], wanted, accept), limit))

    def ids(
        self, wanted: RefusedFilter, accept: AcceptRow = any_row, *, limit: int
    ) -> tuple[list[str], bool]:
        """Return the ids of the newest rows, at most `limit`, and whether these are all.

        Reads at most `MAX_COUNTED` part files.
        """
        parts, complete = self._parts(wanted)
        rows = self._found(parts[:MAX_COUNTED], wanted, accept)
        found = [row.id for row in islice(rows, limit + 1)]
        is_all = complete and len(parts) <= MAX_COUNTED and len(found) <= limit
        return found[:limit], is_all

    def count(self, wanted: RefusedFilter, accept: AcceptRow = any_row) -> RefusedCount:
        """Count rows by reason, in the newest `MAX_COUNTED` part files."""
        parts, complete = self._parts(wanted)
        counts: Counter[str] = Counter()
        is_any = wanted.creator_part is None
        read = self._known_reasons if is_any else partial(self._reasons, wanted)
        with ThreadPoolExecutor(_READERS, thread_name_prefix="refused") as threads:
            for found in threads.map(read, parts[:MAX_COUNTED]):
                counts.update(
                    str(reason)
                    for row_id, reason in found
                    if wanted.has_reason(reason) and accept(row_id)
                )
        return RefusedCount(
            by_reason=dict(counts.most_common()), complete=complete and len(parts) <= MAX_COUNTED
        )

    def _found(
        self, parts: list[Part], wanted: RefusedFilter, accept: AcceptRow
    ) -> Iterator[RefusedRow]:
        for part in parts:
            for row_id, row in self._rows(part):
                if wanted.matches(row) and accept(row_id):
                    yield _row(part, row_id, row)

    def _parts(self, wanted: RefusedFilter, max_age_s: float = 0) -> tuple[list[Part], bool]:
        """Return the part files, newest first, and whether these are all."""
        listed = self._names.newest(wanted.batch_id, max_age_s)
        return list(filter(wanted.has_part, listed.parts)), listed.complete

    def _rows(self, part: Part) -> list[tuple[str, RowRefusal]]:
        """Return the rows of a part with their ids."""
        return list(identified(part.key, read_part(self._s3, self._bucket, part.key)))

    def _reasons(self, wanted: RefusedFilter, part: Part) -> list[tuple[str, RefusalReason]]:
        """Return the ids and reasons of the rows of a part that match."""
        return [(row_id, row.reason) for row_id, row in self._rows(part) if wanted.matches(row)]


def identified(key: str, rows: Iterable[RowRefusal]) -> Iterator[tuple[str, RowRefusal]]:
    """Yield the rows of a part file with their ids.

    An id is a hash of what the row is, not of its line: removing the rows of an erased creator
    changes no other row's id. Equal rows of a part are told apart by their order.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    for row in rows:
        content = (str(row.reason), row.creator, row.cover, row.created_at, row.detail)
        seen[content] += 1
        name = msgspec.json.encode((key, *content, seen[content]))
        yield hashlib.sha256(name).hexdigest()[:_ID_DIGITS], row


def _row(part: Part, row_id: str, row: RowRefusal) -> RefusedRow:
    return RefusedRow(
        id=row_id,
        batch_id=part.batch_id,
        stored_at=part.stored_at.isoformat(timespec="seconds"),
        reason=str(row.reason),
        creator=row.creator,
        cover=row.cover,
        created_at=row.created_at,
        detail=row.detail,
        passing=row.reason in PASSING,
    )


def _place(part: Part, line: int) -> Position:
    """Return the position of a line, which is the next to look at."""
    return {"at": part.at, "key": part.key, "line": str(line)}


def _check_place(after: Position) -> None:
    """Raise `UserError` if a position is not one of this list."""
    line = after.get("line", "")
    if after.keys() != _PLACE or not (line.isascii() and line.isdecimal() and len(line) <= _DIGITS):
        msg = "not a cursor of this listing"
        raise UserError(msg)
