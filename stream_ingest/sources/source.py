"""The interface of a source of rows, and the names of its columns. Pure."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

import msgspec

from stream_ingest.contracts.creators import CreatorCase
from stream_ingest.contracts.date_form import PLAIN, DateForm
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.reading import parse_names
from stream_ingest.sources.timerange import TimeRange

SourceRow = tuple[object, object, object]
"""Creator, cover column and created_at as read from the source, not validated yet."""

Cursor = tuple[Any, ...]
"""The position after a page, in a form that can be stored: each element is int, str or bytes."""


class NotResumableError(UserError):
    """A source cannot be read from a cursor on, because it has no order in which to find it."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Rows in order, and the cursor after the last of them."""

    rows: list[SourceRow]
    cursor: Cursor
    again: frozenset[int] = frozenset()
    """Positions of the rows that an earlier push has read, too: those in its overlap."""
    form: DateForm = PLAIN
    """How the dates of the rows are read that could mean two days."""
    ends_read: bool = False
    """Whether the rows up to here are sent at once, because the source has no more for now."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a table are read."""

    within: TimeRange = TimeRange()
    creators: tuple[str, ...] = ()
    """Only rows of these creators, in whatever spelling, if any are given."""
    creator_case: CreatorCase = CreatorCase.KEEP
    late_after: int | None = None
    """Also rows created before the range, if their increasing key is greater than this."""
    by_key: bool = False
    """Only rows whose increasing key is greater than `late_after`, in the order of that key."""
    read_before: datetime | None = None
    """Rows created before this were read by an earlier push, …"""
    read_key: int | None = None
    """… if their increasing key is not greater than this (None: whatever their key is)."""
    dates: DateForm = PLAIN
    """How dates are read that are text."""
    with_later: bool = False
    """Whether the range also has every row that is written after its beginning with an earlier
    local time: in an hour that is repeated when clocks go back, or in a day that has begun."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A table at one moment."""

    now: datetime
    """The database's time, UTC, in whole seconds."""
    key: int | None
    """The greatest value of the increasing primary key; None if the table has no such key."""
    keys_before: tuple[int, ...] = ()
    """For each given moment, the greatest key below those of all rows created since."""
    settled: datetime | None = None
    """Moment before which no row will appear that is written from now on; `now` if it is None."""
    slack: timedelta = timedelta()
    """How much earlier than they are written rows may be created, because nobody said in which zone
    the server's local times are."""
    notes: tuple[str, ...] = ()
    """Lines about how the table's times are read."""


class Source(Protocol):
    """Something that rows are read from, page by page."""

    async def check(self) -> None:
        """Raise `UserError` if the source cannot be read at all."""
        ...

    def pages(self, after: Cursor | None = None) -> AsyncIterator[Page]:
        """Yield pages in a stable order, starting after the cursor `after` if it is given.

        Memory does not grow with the size of the source.
        """
        ...


@runtime_checkable
class FileSource(Source, Protocol):
    """A source that is a file; its members are about what was read of it so far."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a user should know about how the file was read."""
        ...

    @property
    def problem(self) -> str | None:
        """Why reading ended before the file did, with the line; None if it did not."""
        ...

    @property
    def is_whole(self) -> bool:
        """Whether all rows are wanted, not only those of some time or creators."""
        ...


class Columns(msgspec.Struct, frozen=True, kw_only=True):
    """Names of the three columns in a source."""

    creator: str
    cover: str
    created_at: str

    def names(self) -> tuple[str, str, str]:
        """Return the names in the order of a `SourceRow`."""
        return self.creator, self.cover, self.created_at


MYSQL_COLUMNS = Columns(creator="creator", cover="cover", created_at="created_at")
CSV_COLUMNS = Columns(creator="creator_name", cover="cover_url", created_at="created_at")


def parse_columns(text: str | None, default: Columns, name: str = "--columns") -> Columns:
    """Parse ``creator=name,cover=cover_json,created_at=inserted``; others keep their defaults.

    Raises `UserError` that names the option by `name`.
    """
    return msgspec.structs.replace(default, **parse_names(text, name))


_TABLE_NAME = re.compile(r"(?:`(?:[^`]|``)+`|[^`.]+)")


def parse_table(text: str) -> tuple[str | None, str]:
    """Return database and table of ``table`` or ``database.table``; raises `UserError`.

    A name with a dot in it is written in backquotes, as in MySQL.
    """
    names = _TABLE_NAME.findall(text)
    if ".".join(names) != text or not 1 <= len(names) <= 2:  # noqa: PLR2004 - database and table
        msg = (
            f"--table {text!r}: expected TABLE or DATABASE.TABLE, with backquotes around a name"
            " that has a dot"
        )
        raise UserError(msg)
    plain = [name[1:-1].replace("``", "`") if name[0] == "`" else name for name in names]
    return (plain[0] if len(plain) > 1 else None), plain[-1]
