"""Determines how a MySQL table is paged, and whether its key increases. Edge (network)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from stream_ingest.contracts.date_form import PLAIN, DateForm
from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.mysql.address import MySqlAddress
from stream_ingest.sources.mysql.connection import fetch
from stream_ingest.sources.mysql.keys import INTEGERS, is_fit, quote
from stream_ingest.sources.mysql.moments import ORDERED, TimeColumn, time_kind
from stream_ingest.sources.mysql.read_plan import ReadPlan
from stream_ingest.sources.source import Columns

_FLOATS = frozenset({"float", "double"})
_SHOWN_NAMES = 20


class _Column(msgspec.Struct, frozen=True):
    nullable: bool
    kind: str
    counts_up: bool
    fills_itself: bool


class Planner:
    """Reads a table's columns and indexes."""

    def __init__(
        self,
        connection: Any,  # noqa: ANN401 - asyncmy is a compiled module without types
        address: MySqlAddress,
        table: str,
        form: DateForm = PLAIN,
    ) -> None:
        """Plan reads of `table` of the database at `address`."""
        self._connection, self._address, self._table = connection, address, table
        self._form = form

    async def plan(self, columns: Columns) -> ReadPlan:
        """Return how to read the table; raises `UserError` if it or a column is missing."""
        table = await self._table_name()
        found = await self._columns(table)
        columns = self._real_names(columns, found)
        created_at = found[columns.created_at]
        kind = time_kind(columns.created_at, created_at.kind)
        indexes = await self._indexes(table)
        key = _best_key(indexes, found)
        leading = {index[0] for index in indexes.values()}
        is_indexed = columns.created_at in leading and not created_at.nullable
        if key and is_indexed and kind in ORDERED and created_at.kind not in _FLOATS:
            key = (columns.created_at, *(name for name in key if name != columns.created_at))
        primary = indexes.get("PRIMARY", ())
        increases = len(primary) == 1 and primary[0] in key and found[primary[0]].counts_up
        return ReadPlan(
            table=table,
            columns=columns,
            key=key,
            kinds=tuple(found[name].kind for name in key),
            increasing=primary[0] if increases else None,
            time=TimeColumn(quoted=quote(columns.created_at), kind=kind, form=self._form),
            fills_itself=created_at.fills_itself,
        )

    async def _table_name(self) -> str:
        """Return the table's name in its own case; the exact one if there are several."""
        found = await fetch(
            self._connection,
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = %s AND LOWER(table_name) = LOWER(%s)",
            [self._address.database, self._table],
        )
        names = [str(name) for (name,) in found]
        if self._table in names:
            return self._table
        if len(names) == 1:
            return names[0]
        tables = await fetch(self._connection, "SHOW TABLES", [])
        named = ", ".join(str(row[0]) for row in tables[:_SHOWN_NAMES]) or "none"
        msg = f"no table {self._table!r} in {self._address!r}; tables there: {named}"
        raise UserError(msg)

    def _real_names(self, columns: Columns, found: Mapping[str, _Column]) -> Columns:
        """Return the columns with the names that the server has, which ignores their case."""
        names = {name.lower(): name for name in found}
        missing = [name for name in columns.names() if name.lower() not in names]
        if missing:
            msg = (
                f"table {self._table!r} has no column {', '.join(missing)}; it has"
                f" {', '.join(found)}. Name them with --columns creator=…,cover=…,created_at=…"
            )
            raise UserError(msg)
        return Columns(
            creator=names[columns.creator.lower()],
            cover=names[columns.cover.lower()],
            created_at=names[columns.created_at.lower()],
        )

    async def _columns(self, table: str) -> dict[str, _Column]:
        rows = await self._schema(
            "SELECT column_name, is_nullable, data_type, extra, column_default"
            " FROM information_schema.columns"
            " WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position",
            table,
        )
        return {str(name): _column(*facts) for name, *facts in rows}

    async def _indexes(self, table: str) -> dict[str, tuple[str, ...]]:
        """Return the columns of each index; a unique one without NULL is named ``UNIQUE …``."""
        rows = await self._schema(
            "SELECT index_name, column_name, non_unique, sub_part"
            " FROM information_schema.statistics"
            " WHERE table_schema = %s AND table_name = %s ORDER BY index_name, seq_in_index",
            table,
        )
        parts: dict[str, list[str]] = {}
        whole: dict[str, bool] = {}
        for index, column, non_unique, part in rows:
            parts.setdefault(index, []).append(str(column))
            is_whole = not non_unique and part is None and column is not None
            whole[index] = whole.get(index, True) and is_whole
        return {
            f"UNIQUE {index}" if whole[index] and index != "PRIMARY" else index: tuple(columns)
            for index, columns in parts.items()
        }

    async def _schema(self, sql: str, table: str) -> Sequence[Any]:
        return await fetch(self._connection, sql, [self._address.database, table])


def _best_key(
    indexes: Mapping[str, tuple[str, ...]], found: Mapping[str, _Column]
) -> tuple[str, ...]:
    """Return the primary key, or another unique one without NULL, that pages can go by."""
    unique = [indexes[name] for name in sorted(indexes) if name.startswith("UNIQUE ")]
    for key in (indexes.get("PRIMARY", ()), *unique):
        columns = [found.get(name) for name in key]
        if key and all(each and is_fit(each.kind) and not each.nullable for each in columns):
            return key
    return ()


def _column(nullable: str, kind: str, extra: str, default: object) -> _Column:
    kind = str(kind).lower()
    return _Column(
        nullable=nullable == "YES",
        kind=kind,
        counts_up=kind in INTEGERS and "auto_increment" in str(extra).lower(),
        fills_itself="current_timestamp" in f"{default} {extra}".lower(),
    )
