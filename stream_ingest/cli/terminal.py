"""Messages and progress on stderr: a bar on a terminal, plain lines elsewhere. Edge (terminal)."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from stream_ingest.contracts.errors import CoverstreamError, NotFoundError, UserError

if TYPE_CHECKING:
    from rich.console import Console

_LINE_INTERVAL_S = 2.0

ReportProgress = Callable[[str, float, float | None], None]
"""Called with a text, the amount done, and the total (None if it is not known)."""


def say(text: str) -> None:
    """Print one line on stderr; stdout is for results."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


@contextmanager
def show_progress(title: str) -> Iterator[ReportProgress]:
    """Show progress on stderr: a bar on a terminal, otherwise a line every two seconds."""
    from rich.console import Console  # noqa: PLC0415 - a short command shows none

    console = Console(stderr=True)
    if console.is_terminal:
        yield from _bar(console, title)
    else:
        yield from _lines(title)


def _bar(console: Console, title: str) -> Iterator[ReportProgress]:
    from rich.progress import (  # noqa: PLC0415 - as above
        BarColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[text]}"),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        task = bars.add_task(title, total=None, text="")
        yield lambda text, done, total: bars.update(task, completed=done, total=total, text=text)


def _lines(title: str) -> Iterator[ReportProgress]:
    printed_at = time.monotonic()

    def report(text: str, _done: float, _total: float | None) -> None:
        nonlocal printed_at
        if time.monotonic() - printed_at >= _LINE_INTERVAL_S:
            printed_at = time.monotonic()
            say(f"{title}: {text}")

    yield report


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Treat SIGTERM inside the block as Ctrl-C, so that everything is cleaned up."""

    def interrupt(_signal: int, _frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _plain_aws_errors() -> Iterator[None]:
    """As `plain_errors`, which is imported only if botocore was: it can raise nothing before."""
    try:
        yield
    except Exception:
        if "botocore.exceptions" in sys.modules:
            from stream_ingest.aws.plain_errors import plain_errors  # noqa: PLC0415 - as the docstring says

            with plain_errors():
                raise
        raise


def run(command: Callable[[], object], name: str) -> None:
    """Run a command line; an error of ours is one line and exit code 1, a wrong call 2."""
    try:
        with _plain_aws_errors():
            command()
    except UserError as error:
        say(f"{name}: {error}")
        raise SystemExit(1 if isinstance(error, NotFoundError) else 2) from None
    except CoverstreamError as error:
        say(f"{name}: {error}")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        say(f"{name}: stopped")
        raise SystemExit(130) from None
