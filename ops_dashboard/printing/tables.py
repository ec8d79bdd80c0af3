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
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

_MINUTE_S = 60
_HOUR_MIN = 60
_ANY_WIDTH = 100_000
_SHORT = 24
"""Characters of a cell, such as a time, that is never wrapped at its spaces."""

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
    if isinstance(value, Text):
        return value
    if value is None:
        return Text("")
    if isinstance(value, int) and not isinstance(value, bool):
        return Text(f"{value:,}")
    return Text(safe(str(value)))


def coloured(value: object, style: str) -> Text:
    """Return a cell in a colour, which a terminal shows unless `NO_COLOR` is set."""
    text = cell(value)
    text.stylize(style)
    return text


class FittingTable(Table):
    """A table that leaves out columns until it fits the terminal.

    No word is broken, so that an id can be copied: text wraps at its spaces only, and a table that
    is still too wide is printed in full. Below the table is which columns are missing.
    """

    spare: tuple[str, ...] = ()
    """Names of columns that may be left out, the first one first."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines of the table."""
        everything, caption, dropped = self.columns, self.caption, list[str]()
        spare = list(self.spare)
        while spare and self._least_width(console, options) > options.max_width:
            dropped.append(spare.pop(0))
            self.columns = [each for each in self.columns if str(each.header) != dropped[-1]]
        if dropped:
            names = ", ".join(
                str(each.header) for each in everything if str(each.header) in dropped
            )
            self.caption = Text(f"left out for want of width: {names}", style="dim")
            self.caption_justify = "left"
        width = max(options.max_width, self._least_width(console, options))
        yield from super().__rich_console__(console, options.update(width=width))
        self.columns, self.caption = everything, caption

    def _least_width(self, console: Console, options: ConsoleOptions) -> int:
        wide = options.update(max_width=_ANY_WIDTH)
        measured = [(each, self._measure_column(console, wide, each)) for each in self.columns]
        widths = (width.maximum if column.no_wrap else width.minimum for column, width in measured)
        return sum(widths) + self._extra_width


def table_of(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    title: str | None = None,
    *,
    spare: tuple[str, ...] = (),
) -> Table:
    """Return a table of plain values; no value is interpreted as markup.

    `spare` are columns that are left out, in this order, of a table that is too wide.
    """
    table = FittingTable(title=None if title is None else cell(title), title_justify="left")
    table.spare = spare
    lines = [[cell(value) for value in row] for row in rows]
    for number, name in enumerate(columns):
        found = [line[number].plain for line in lines]
        wraps = any(len(text) > _SHORT and " " in text for text in found)
        longest = max((cell_len(word) for text in found for word in text.split()), default=0)
        table.add_column(cell(name), no_wrap=not wraps, min_width=longest if wraps else None)
    for line in lines:
        table.add_row(*line)
    return table


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Return a number of things: ``1 photo``, ``2,000 photos``."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def duration_text(seconds: float) -> str:
    """Return a duration as people say it: ``40 s``, ``12 min``, ``3.5 h``."""
    if seconds < _MINUTE_S:
        return f"{max(1, round(seconds))} s"
    minutes = seconds / _MINUTE_S
    return f"{minutes:.0f} min" if minutes < _HOUR_MIN else f"{minutes / _HOUR_MIN:,.1f} h"


def json_line(value: object) -> str:
    """Return a value as one line of ASCII JSON."""
    return json.dumps(msgspec.to_builtins(value)).replace("\x7f", "\\u007f")
