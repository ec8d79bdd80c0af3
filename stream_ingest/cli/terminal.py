"""Messages on stderr, and how a command line ends. Edge (terminal, signals)."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from stream_ingest.contracts.errors import CoverstreamError, NotFoundError, UserError


def say(text: str) -> None:
    """Print one line on stderr; stdout is for results."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _complain(name: str, error: str) -> None:
    """Print an error of a command, whose name is red on a terminal unless `NO_COLOR` is set."""
    is_coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    say(f"{typer.style(f'{name}:', fg='red') if is_coloured else f'{name}:'} {error}")


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
        _complain(name, str(error))
        raise SystemExit(1 if isinstance(error, NotFoundError) else 2) from None
    except CoverstreamError as error:
        _complain(name, str(error))
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        say(f"{name}: stopped")
        raise SystemExit(130) from None
