"""Tables in Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table between blank lines, which Markdown needs after an HTML comment."""
    head = [_line(columns), "|" + "---|" * len(columns)]
    return "\n".join(["", *head, *map(_line, rows), ""])


def _line(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
