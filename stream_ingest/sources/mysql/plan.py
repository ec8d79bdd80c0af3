"""Determines how a MySQL table is paged, and whether its key increases. Edge (network)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.address import MySqlAddress
from stream_ingest.sources.mysql.connection import fetch
from stream_ingest.sources.source import Columns

_UNFIT_FOR_KEYS = frozenset({"enum", "set", "float", "double", "bit"})
"""Types whose order or equality differs from that of the values read: unusable as page keys."""
_INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "integer", "bigint"})


class ReadPlan(msgspec.Struct, frozen=True):
    """How the rows of one table are paged."""

    key: tuple[str, ...]
    """Columns that give the order of pages; empty if the table has no usable key."""
    increasing: str | None
    """The primary key if it is one AUTO_INCREMENT column, so that later rows have greater keys."""

    @property
    def by_time(self) -> bool:
        """Whether created_at leads the order of pages."""
        return len(self.key) > 1 and self.key[0] != self.increasing


class _Column(msgspec.Struct, frozen=True):
    nullable: bool
    kind: str
    counts_up: bool


class Planner:
    """Reads a table's columns and indexes."""

    def __init__(self, connection: Any, address: MySqlAddress, table: str) -> None:  # noqa: ANN401 - asyncmy is a compiled module without types
        """Plan reads of `table` of the database at `address`."""
        self._connection, self._address, self._table = connection, address, table

    async def plan(self, columns: Columns) -> ReadPlan:
        """Return how to read the table; raises `UserError` if it or a column is missing."""
        found = await self._columns()
        missing = [name for name in columns.names() if name not in found]
        if missing:
            msg = (
                f"table {self._table!r} has no column {', '.join(missing)}; it has"
                f" {', '.join(found)}. Name them with --columns creator=…,cover=…,created_at=…"
            )
            raise UserError(msg)
        indexes = await self._indexes()
        key = primary = indexes.get("PRIMARY", ())
        leading = {index[0] for index in indexes.values()}
        created_at = columns.created_at
        if key and created_at in leading and not found[created_at].nullable:
            key = (created_at, *(name for name in key if name != created_at))
        if any(found[name].kind in _UNFIT_FOR_KEYS for name in key):
            return ReadPlan((), None)
        increases = len(primary) == 1 and found[primary[0]].counts_up
        return ReadPlan(key, primary[0] if increases else None)

    async def _columns(self) -> dict[str, _Column]:
        rows = await self._schema(
            "SELECT column_name, is_nullable, data_type, extra FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position"
        )
        if not rows:
            tables = await fetch(self._connection, "SHOW TABLES", [])
            named = ", ".join(str(row[0]) for row in tables[:20]) or "none"
            msg = f"no table {self._table!r} in {self._address!r}; tables there: {named}"
            raise UserError(msg)
        return {str(name): _column(*facts) for name, *facts in rows}

    async def _indexes(self) -> dict[str, tuple[str, ...]]:
        rows = await self._schema(
            "SELECT index_name, column_name FROM information_schema.statistics"
            " WHERE table_schema = %s AND table_name = %s ORDER BY index_name, seq_in_index"
        )
        indexes: dict[str, tuple[str, ...]] = {}
        for index, column in rows:
            indexes[index] = (*indexes.get(index, ()), column)
        return indexes

    async def _schema(self, sql: str) -> Sequence[Any]:
        return await fetch(self._connection, sql, [self._address.database, self._table])


def _column(nullable: str, kind: str, extra: str) -> _Column:
    kind = str(kind).lower()
    return _Column(
        nullable=nullable == "YES",
        kind=kind,
        counts_up=kind in _INTEGERS and "auto_increment" in str(extra).lower(),
    )
