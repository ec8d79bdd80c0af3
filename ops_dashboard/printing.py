"""What commands print on stdout: tables for a person, JSON for a program. Edge (terminal)."""

from __future__ import annotations

import shutil
import sys
from typing import IO

from rich.console import Console
from rich.table import Table

from ops_dashboard.formatting import json_line, safe

_PIPE_COLUMNS = 10_000
"""Where no terminal limits it, a line is as long as what is in it: for grep and awk."""


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
