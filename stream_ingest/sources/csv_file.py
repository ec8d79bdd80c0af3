"""Rows out of a CSV file with a header, and into one. Edge (disk)."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from stream_ingest.clock import parse_utc
from stream_ingest.cover_column import text_of
from stream_ingest.errors import UserError
from stream_ingest.sources.rows import Columns, Source, SourceRow
from stream_ingest.timerange import TimeRange

PAGE_ROWS = 5_000
_MAX_FIELD_BYTES = 64 << 20


class CsvSource:
    """A CSV file: UTF-8 with or without a mark, any column order, other columns ignored."""

    def __init__(
        self, path: Path, columns: Columns, *, within: TimeRange, creators: Sequence[str] = ()
    ) -> None:
        """Read rows whose created_at is `within`, of `creators` only if any are named."""
        self._path, self._columns = path, columns
        self._within, self._creators = within, frozenset(creators)

    async def pages(self) -> AsyncIterator[list[SourceRow]]:
        """Yield pages of rows; `UserError` names the line that cannot be read."""
        csv.field_size_limit(_MAX_FIELD_BYTES)
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                for page in self._read(file):
                    yield page
        except (OSError, UnicodeDecodeError) as error:
            msg = f"cannot read {self._path}: {error}"
            raise UserError(msg) from error

    def _read(self, file: TextIO) -> Iterator[list[SourceRow]]:
        reader = csv.reader(file)
        try:
            where = self._positions(next(reader, []))
            page: list[SourceRow] = []
            for fields in reader:
                if not fields:
                    continue
                row = tuple(fields[at] if at < len(fields) else "" for at in where)
                if self._wanted(row):
                    page.append((row[0], row[1], row[2]))
                if len(page) == PAGE_ROWS:
                    yield page
                    page = []
            if page:
                yield page
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

    def _wanted(self, row: Sequence[str]) -> bool:
        if self._creators and row[0] not in self._creators:
            return False
        if self._within.since is None and self._within.until is None:
            return True
        try:
            moment = parse_utc(row[2])
        except ValueError:
            return True  # refused as bad_date, and so counted
        return (self._within.since is None or moment >= self._within.since) and (
            self._within.until is None or moment < self._within.until
        )


async def write_csv(source: Source, path: Path) -> int:
    """Write all rows of a source as CSV; return how many.

    The file appears whole or not at all.
    """
    count = 0
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["creator_name", "cover_url", "created_at"])
            async for page in source.pages():
                writer.writerows([text_of(value) for value in row] for row in page)
                count += len(page)
        partial.replace(path)
    except OSError as error:
        msg = f"cannot write {path}: {error}"
        raise UserError(msg) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
    return count
