"""What the command lines say while they work: bars on a terminal, plain lines elsewhere. Edge."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from stream_ingest.aws.clients import plain_errors
from stream_ingest.contracts.errors import CoverstreamError, UserError

_LINE_EVERY_S = 2.0

Say = Callable[[str], None]
Tell = Callable[[str, float, float | None], None]
"""Called with a text, how much is done, and of how much (None where that is not known)."""


def say(text: str) -> None:
    """Print one line for a person, on stderr: stdout is for results."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


@contextmanager
def progress(title: str) -> Iterator[Tell]:
    """Show progress on stderr: a bar on a terminal, a line every two seconds elsewhere."""
    console = Console(stderr=True)
    if console.is_terminal:
        yield from _bar(console, title)
    else:
        yield from _lines(title)


def _bar(console: Console, title: str) -> Iterator[Tell]:
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


def _lines(title: str) -> Iterator[Tell]:
    spoken = time.monotonic()

    def tell(text: str, _done: float, _total: float | None) -> None:
        nonlocal spoken
        if time.monotonic() - spoken >= _LINE_EVERY_S:
            spoken = time.monotonic()
            say(f"{title}: {text}")

    yield tell


def run(command: Callable[[], object], name: str) -> None:
    """Run a command line; a person's mistake ends in one line and exit code 2."""
    try:
        with plain_errors():
            command()
    except UserError as error:
        say(f"{name}: {error}")
        raise SystemExit(2) from None
    except CoverstreamError as error:
        say(f"{name}: {error}")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        say(f"{name}: stopped")
        raise SystemExit(130) from None
