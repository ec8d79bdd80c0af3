"""Finds out how a table's times are meant: their unit, and the server's zone. Edge (network)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from stream_ingest.contracts.date_form import DateForm
from stream_ingest.contracts.errors import UserError
from stream_ingest.records.dates import DateError, read_moment
from stream_ingest.sources.mysql.connection import fetch
from stream_ingest.sources.mysql.keys import quote
from stream_ingest.sources.mysql.moments import TimeKind, example_of, unit_of
from stream_ingest.sources.mysql.read_plan import ReadPlan

_SAMPLE_ROWS = 100
_TOLERATED = 0.1
"""Part of the values that may be no times: their rows belong to no range."""
_AMBIGUOUS = "could be"
_CHANGE_OF_CLOCKS = timedelta(hours=1)


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the times of a table."""

    newest: Any = None
    """One of the values of the column created_at, of the newest rows if there is a key."""
    slack: timedelta = timedelta()
    """How much earlier than they are written rows may seem to be created."""
    notes: tuple[str, ...] = ()


async def look_at_times(
    connection: Any,  # noqa: ANN401 - asyncmy is a compiled module without types
    plan: ReadPlan,
    *,
    is_ranged: bool,
) -> Times:
    """Return what the values say, and the server if nobody has said the zone.

    Raises `UserError` if a range would compare values that are no times.
    """
    kind, name = plan.time.kind, plan.columns.created_at
    if kind is TimeKind.ABSOLUTE:
        return Times()
    notes, slack, newest = [], timedelta(), None
    if kind in {TimeKind.NUMBER, TimeKind.TEXT}:
        sample = await _sample(connection, plan)
        if is_ranged:
            _check_sample(sample, name, plan.time.form)
        newest = sample[0] if sample else None
        notes = [f"{name} has {unit}" for unit in dict.fromkeys(map(unit_of, sample)) if unit]
    if plan.time.form.timezone is None and (
        kind in {TimeKind.WALL, TimeKind.DAY} or newest is not None
    ):
        offset, zone = await _server_offset(connection)
        is_local = kind in {TimeKind.WALL, TimeKind.DAY} or "epoch" not in unit_of(newest)
        if offset and is_local:
            slack = abs(offset) + _CHANGE_OF_CLOCKS
            notes.append(_unsaid(name, offset, zone, fills_itself=plan.fills_itself))
    return Times(newest=newest, slack=slack, notes=tuple(notes))


async def _sample(connection: Any, plan: ReadPlan) -> Sequence[Any]:  # noqa: ANN401 - as above
    """Return values of the newest and of the oldest rows, or of any rows without a key."""
    column, table = plan.time.quoted, quote(plan.table)
    found: list[Any] = []
    keys = [name for name in plan.key if name != plan.columns.created_at]
    for direction in ("DESC", "ASC") if keys else ("",):
        order = ", ".join(f"{quote(name)} {direction}" for name in keys)
        sql = f"SELECT {column} FROM {table}{' ORDER BY ' * bool(order)}{order}"  # noqa: S608 - identifiers are quoted
        rows = await fetch(connection, f"{sql} LIMIT {_SAMPLE_ROWS}", [])
        found += [row[0] for row in rows if row[0] not in {None, 0, "", b""}]
    return found


def _check_sample(sample: Sequence[Any], name: str, form: DateForm) -> None:
    unreadable = 0
    for value in sample:
        try:
            read_moment(value, form)
        except DateError as error:
            unreadable += 1
            if _AMBIGUOUS not in str(error) and unreadable <= len(sample) * _TOLERATED:
                continue
            msg = (
                f"{name} has {example_of(value)!r}, which cannot be compared with a time ({error});"
                " push without --since and --until, or choose a column that has times only, with"
                " --columns created_at=NAME"
            )
            raise UserError(msg) from error


async def _server_offset(connection: Any) -> tuple[timedelta, str]:  # noqa: ANN401 - as above
    """Return by how much the server's local time is ahead of UTC, and what it calls its zone."""
    ((zone, system),) = await fetch(connection, "SELECT @@global.time_zone, @@system_time_zone", [])
    await fetch(connection, "SET time_zone = @@global.time_zone", [])
    ((local, utc),) = await fetch(connection, "SELECT NOW(), UTC_TIMESTAMP()", [])
    await fetch(connection, "SET time_zone = '+00:00'", [])
    offset = _rounded(local - utc) if isinstance(local, datetime) else timedelta()
    return offset, str(system if zone == "SYSTEM" else zone)


def _rounded(offset: timedelta) -> timedelta:
    return timedelta(minutes=15 * round(offset / timedelta(minutes=15)))


def _unsaid(name: str, offset: timedelta, zone: str, *, fills_itself: bool) -> str:
    sign = "-" if offset < timedelta() else "+"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    shown = f"{sign}{hours:02d}:{minutes:02d}"
    called = "" if zone == shown else f" ({zone})"
    who = "which fills this column, is" if fills_itself else "is"
    return (
        f"{name} is read as UTC, but the server's own clock, {who} at {shown}{called}: if its"
        f" times are local, add --timezone {shown} or the zone's name, such as Asia/Shanghai;"
        " else add --timezone UTC"
    )
