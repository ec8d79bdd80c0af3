"""Reads rows from a CSV file with a header, and writes them to one. Edge (disk)."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.timestamps import parse_utc
from stream_ingest.records.cover_column import text_of
from stream_ingest.sources.source import Columns, Cursor, Page, Source, SourceRow
from stream_ingest.sources.timerange import TimeRange

PAGE_ROWS = 5_000
_MAX_FIELD_BYTES = 64 << 20


class CsvSource:
    """A CSV file: UTF-8 with or without a byte order mark, any column order, extra columns."""

    def __init__(
        self, path: Path, columns: Columns, *, within: TimeRange, creators: Sequence[str] = ()
    ) -> None:
        """Read rows with created_at `within`, and of `creators` only if any are given."""
        self._path, self._columns = path, columns
        self._within, self._creators = within, frozenset(creators)

    async def check(self) -> None:
        """Raise `UserError` if the file cannot be read or its header lacks a column."""
        with self._open() as file:
            self._positions(next(csv.reader(file), []))

    async def pages(self, after: Cursor | None = None) -> AsyncIterator[Page]:
        """Yield pages of rows; raises `UserError` that names the line if one cannot be parsed.

        The cursor is the number of rows read from the file, including filtered ones.
        """
        with self._open() as file:
            for page in self._read(file, int(after[0]) if after else 0):
                yield page

    @contextlib.contextmanager
    def _open(self) -> Iterator[TextIO]:
        csv.field_size_limit(_MAX_FIELD_BYTES)
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                yield file
        except (OSError, UnicodeDecodeError) as error:
            msg = f"cannot read {self._path}: {error}"
            raise UserError(msg) from error

    def _read(self, file: TextIO, skip: int) -> Iterator[Page]:
        reader = csv.reader(file)
        try:
            where = self._positions(next(reader, []))
            count = 0
            rows: list[SourceRow] = []
            for count, fields in enumerate(reader, start=1):
                if count <= skip or not fields:
                    continue
                row = tuple(fields[at] if at < len(fields) else "" for at in where)
                if self._matches(row):
                    rows.append((row[0], row[1], row[2]))
                if len(rows) == PAGE_ROWS:
                    yield Page(rows=rows, cursor=(count,))
                    rows = []
            if rows:
                yield Page(rows=rows, cursor=(count,))
        except csv.Error as error:
            msg = f"{self._path}, line {reader.line_num}: {error}"
            raise UserError(msg) from error

    def _positions(self, header: list[str]) -> list[int]:
        names = [name.strip() for name in header]
        missing = [name for name in self._columns.names() if name not in names]
        if missing:
            msg = (
                f"{self._path} has no column {', '.join(missing)}; its header is"
                f" {', '.join(names) or 'empty'}. Name them with --columns creator=…,cover=…"
            )
            raise UserError(msg)
        return [names.index(name) for name in self._columns.names()]

    def _matches(self, row: Sequence[str]) -> bool:
        if self._creators and row[0] not in self._creators:
            return False
        if self._within.since is None and self._within.until is None:
            return True
        try:
            moment = parse_utc(row[2])
        except ValueError:
            return True  # the push refuses and counts it as bad_date
        return (self._within.since is None or moment >= self._within.since) and (
            self._within.until is None or moment < self._within.until
        )


async def write_csv(source: Source, path: Path) -> int:
    """Write all rows of a source as CSV; return their number.

    The file appears complete or not at all.
    """
    count = 0
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["creator_name", "cover_url", "created_at"])
            async for page in source.pages():
                writer.writerows([text_of(value) for value in row] for row in page.rows)
                count += len(page.rows)
        partial.replace(path)
    except OSError as error:
        msg = f"cannot write {path}: {error}"
        raise UserError(msg) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
    return count
