"""Keys that rows can be paged by, and their values in a form that can be stored. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

INTEGERS = frozenset({"tinyint", "smallint", "mediumint", "int", "integer", "bigint"})
_FIT = INTEGERS | {
    *("decimal", "numeric", "char", "varchar", "binary", "varbinary"),
    *("date", "datetime", "timestamp", "time", "year", "uuid", "inet4", "inet6"),
}
"""Types whose values, as they are read, compare exactly as the rows are ordered. Not of this kind:
ENUM and SET (ordered by their definition), BIT (read as bytes), FLOAT and DOUBLE (rounded as text),
TEXT and BLOB (ordered by their first kilobyte)."""


def quote(identifier: str) -> str:
    """Return an identifier in backquotes, escaped for MySQL and for parameter formatting."""
    return "`" + identifier.replace("`", "``").replace("%", "%%") + "`"


def is_fit(kind: str) -> bool:
    """Return whether a column of a type can be part of a key that rows are paged by."""
    return kind in _FIT


def condition_after(key: Sequence[str], last: Sequence[object]) -> tuple[str, list[object]]:
    """Return the condition for rows after `last` in key order; MySQL can range-scan it.

    For (a, b) after (x, y): ``a >= x AND (a > x OR (a = x AND b > y))``.
    """
    alternatives = []
    values: list[object] = [last[0]]
    for depth in range(len(key)):
        equal = [f"{quote(name)} = %s" for name in key[:depth]]
        alternatives.append(" AND ".join([*equal, f"{quote(key[depth])} > %s"]))
        values.extend(last[: depth + 1])
    return f"{quote(key[0])} >= %s AND ({' OR '.join(alternatives)})", values


def to_portable(value: object, kind: str) -> int | str | bytes:
    """Return a key's value in a form that MySQL accepts and a file can store."""
    if kind == "year" and isinstance(value, int):
        return f"{value:04d}"  # the number 0 is the year 2000
    if isinstance(value, timedelta):
        return _time(value)
    return value if isinstance(value, int | bytes) else str(value)


def _time(value: timedelta) -> str:
    """Return a TIME, which may be negative or longer than a day, as MySQL writes it."""
    sign, positive = ("-", -value) if value < timedelta() else ("", value)
    seconds, microseconds = divmod(positive // timedelta(microseconds=1), 1_000_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{sign}{hour:02d}:{minute:02d}:{second:02d}.{microseconds:06d}"
