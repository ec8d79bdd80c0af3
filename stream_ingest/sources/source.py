"""The interface of a source of rows, and the names of its columns. Pure."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol

import msgspec

from stream_ingest.contracts.errors import UserError

SourceRow = tuple[object, object, object]
"""Creator, cover column and created_at as read from the source, not validated yet."""

Cursor = tuple[Any, ...]
"""The position after a page, in a form that can be stored: each element is int, str or bytes."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Rows in order, and the cursor after the last of them."""

    rows: list[SourceRow]
    cursor: Cursor


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


def parse_columns(text: str | None, default: Columns) -> Columns:
    """Parse ``creator=name,cover=cover_json,created_at=inserted``; others keep their defaults."""
    if not text:
        return default
    chosen: dict[str, str] = {}
    for part in text.split(","):
        role, equals, name = part.strip().partition("=")
        if not equals or not name or role not in Columns.__struct_fields__:
            msg = (
                f"--columns {part.strip()!r}: expected creator=NAME, cover=NAME or created_at=NAME,"
                " separated by commas"
            )
            raise UserError(msg)
        chosen[role] = name
    return msgspec.structs.replace(default, **chosen)
