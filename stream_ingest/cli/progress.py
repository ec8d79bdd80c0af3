"""Progress on stderr: a line with a bar on a terminal, plain lines elsewhere. Edge (terminal)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
)
from rich.table import Column
from rich.text import Text

from stream_ingest.cli.terminal import say

_LINE_INTERVAL_S = 2.0
_WIDE = 100
"""Columns from which on the title is in the line of the bar, and not above it."""
_BAR_COLUMNS = 12

ReportProgress = Callable[[str, float, float | None], None]
"""Called with a text, the amount done, and the total (None if it is not known)."""


@contextmanager
def show_progress(title: str, unit: str = "") -> Iterator[ReportProgress]:
    """Show progress on stderr: a bar on a terminal, otherwise a line every two seconds.

    The bar has the text, and if there is a total, the rate (in `unit`, such as ``images``, or bare)
    and the remaining time. A text of 40 characters fits into 80 columns.
    """
    console = Console(stderr=True)
    if console.is_terminal:
        yield from _bar(console, title, unit)
    else:
        yield from _lines(title)


class _Pace(ProgressColumn):
    """The rate and the remaining time, as soon as they can be told."""

    def __init__(self, unit: str) -> None:
        super().__init__(table_column=Column(no_wrap=True, justify="right"))
        self._unit = unit

    def render(self, task: Task) -> Text:
        """Return ``85 images/s, 0:01:10 left``, or the time so far."""
        so_far = str(timedelta(seconds=int(task.elapsed or 0)))
        if task.total is None or task.finished or not task.speed or task.time_remaining is None:
            return Text(so_far, style="progress.elapsed")
        rate = f"{task.speed:,.0f}" if task.speed >= 10 else f"{task.speed:,.1f}"  # noqa: PLR2004 - two digits
        left = str(timedelta(seconds=int(task.time_remaining)))
        per_second = f"{rate} {self._unit}".rstrip() + "/s, " if self._unit else ""
        return Text(f"{per_second}{left} left", style="progress.remaining")


def _bar(console: Console, title: str, unit: str) -> Iterator[ReportProgress]:
    is_wide = console.width >= _WIDE
    if not is_wide:
        console.print(title, markup=False, highlight=False)
    whole = Column(no_wrap=True)
    with Progress(
        SpinnerColumn(),
        *([TextColumn("{task.description}", table_column=whole)] if is_wide else []),
        BarColumn(bar_width=None, table_column=Column(ratio=1, min_width=_BAR_COLUMNS)),
        TaskProgressColumn(),
        TextColumn("{task.fields[text]}", markup=False, table_column=whole),
        _Pace(unit),
        console=console,
        expand=True,
    ) as bars:
        task = bars.add_task(title, total=None, text="")
        yield lambda text, done, total: bars.update(task, completed=done, total=total, text=text)


def _lines(title: str) -> Iterator[ReportProgress]:
    printed_at = time.monotonic()

    def report(text: str, done: float, total: float | None) -> None:
        nonlocal printed_at
        if time.monotonic() - printed_at >= _LINE_INTERVAL_S:
            printed_at = time.monotonic()
            share = f" ({done / total:.0%})" if total else ""
            say(f"{title}: {text}{share}")

    yield report
