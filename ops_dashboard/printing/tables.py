r"""Tables and JSON lines that are safe to print. Pure.

Creators choose their names, and servers their error texts. Neither may be interpreted as rich's
markup, move the cursor or reverse the line: a character that a terminal acts upon is shown as an
escape such as ``\u202e``. JSON is ASCII, so it is safe on a terminal too.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence

import msgspec
from rich.table import Table
from rich.text import Text

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories that a terminal acts upon or cannot show."""


def safe(text: str) -> str:
    """Return `text` with every character that is not plainly visible written as an escape."""
    return "".join(
        character if unicodedata.category(character) not in _UNSAFE else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - \u has four digits


def cell(value: object) -> Text:
    """Return a value as a table shows it: integers with commas, None as an empty cell."""
    if value is None:
        return Text("")
    if isinstance(value, int) and not isinstance(value, bool):
        return Text(f"{value:,}")
    return Text(safe(str(value)))


def table_of(
    columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None
) -> Table:
    """Return a table of plain values; no value is interpreted as markup."""
    table = Table(title=None if title is None else cell(title), title_justify="left")
    for name in columns:
        table.add_column(cell(name), overflow="fold")  # a truncated id would be useless
    for row in rows:
        table.add_row(*map(cell, row))
    return table


def counted(count: int, noun: str) -> str:
    """Return a number of things: ``1 photo``, ``2,000 photos``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def json_line(value: object) -> str:
    """Return a value as one line of ASCII JSON."""
    return json.dumps(msgspec.to_builtins(value)).replace("\x7f", "\\u007f")
