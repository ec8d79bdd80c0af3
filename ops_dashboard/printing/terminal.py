"""Printing to stdout: tables, lines and JSON; questions on stderr. Edge (terminal)."""

from __future__ import annotations

import shutil
import sys
from typing import IO

import typer
from rich.console import Console
from rich.table import Table

from ops_dashboard.printing.tables import json_line, safe
from stream_ingest.contracts.errors import UserError

_PIPE_COLUMNS = 10_000
"""Width if stdout is not a terminal: no line is wrapped or cut, so that grep and awk see it all."""


def console(file: IO[str] | None = None) -> Console:
    """Return a console that writes to stdout (or `file`), as wide as the terminal if it is one."""
    out = file or sys.stdout
    width = shutil.get_terminal_size().columns if out.isatty() else _PIPE_COLUMNS
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False)


def print_table(table: Table) -> None:
    """Print a table; one that is too wide for the terminal is not cut."""
    console().print(table, crop=False)


def print_line(text: str) -> None:
    """Print a line; characters in it that are not plainly visible are escaped."""
    sys.stdout.write(safe(text) + "\n")


def print_json(value: object) -> None:
    """Print a value as one line of JSON."""
    sys.stdout.write(json_line(value) + "\n")
    sys.stdout.flush()


def confirm(question: str, otherwise: str) -> None:
    """Ask on the terminal; raises `UserError` if nobody can be asked, or the answer is no.

    `otherwise` says what has not been done then.
    """
    if not sys.stdin.isatty():
        msg = f"{otherwise}: give --yes, as nobody can be asked here"
        raise UserError(msg)
    if not typer.confirm(question, err=True):
        raise UserError(otherwise)
