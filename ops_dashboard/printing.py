r"""What commands print on stdout: tables for a person, JSON for a program. Edge (terminal).

Creators choose their names, and servers their error texts. Nothing in them may be taken for rich's
markup, move the cursor, or turn the line around: what a terminal would act upon is shown as
``\u202e``. JSON is ASCII, so that it is safe on a terminal too.
"""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import IO

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Unicode categories that a terminal acts upon or cannot show."""
_PIPE_COLUMNS = 10_000
"""Where no terminal limits it, a line is as long as what is in it: for grep and awk."""


def safe(text: str) -> str:
    """Return `text` with all that is not plainly visible written as an escape. Pure."""
    return "".join(
        character if unicodedata.category(character) not in _UNSAFE else _escaped(character)
        for character in text
    )


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004 - \u has four digits


def cell(value: object) -> Text:
    """Return a value as it is shown in a table: numbers with commas, None as nothing. Pure."""
    if value is None:
        return Text("")
    if isinstance(value, int) and not isinstance(value, bool):
        return Text(f"{value:,}")
    return Text(safe(str(value)))


def table_of(
    columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None
) -> Table:
    """Return a table of plain values; no value is read as markup. Pure."""
    table = Table(title=None if title is None else cell(title), title_justify="left")
    for name in columns:
        table.add_column(cell(name), overflow="fold")  # an id that is cut short is none
    for row in rows:
        table.add_row(*map(cell, row))
    return table


def console(file: IO[str] | None = None) -> Console:
    """Return a console onto stdout (or `file`) that cuts nothing off where it is no terminal."""
    out = file or sys.stdout
    width = shutil.get_terminal_size().columns if out.isatty() else _PIPE_COLUMNS
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False)


def print_table(table: Table) -> None:
    """Print a table on stdout."""
    console().print(table)


def print_line(text: str) -> None:
    """Print a line of ours with values in it on stdout."""
    sys.stdout.write(safe(text) + "\n")


def print_json(value: object) -> None:
    """Print a value on stdout as one line of JSON."""
    sys.stdout.write(json_line(value) + "\n")
    sys.stdout.flush()


def json_line(value: object) -> str:
    """Return a value as one line of ASCII JSON. Pure."""
    return json.dumps(msgspec.to_builtins(value)).replace("\x7f", "\\u007f")
