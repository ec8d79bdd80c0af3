"""What Ctrl-C does in the process of a command line. Edge (signals).

While modules are imported and while Python ends, an interrupt ends the process at once, as the
operating system does by default: Python would print a traceback, or, in a callback of an import,
print one and continue. While a command works, an interrupt raises `KeyboardInterrupt`, so that the
command can clean up, and `asyncio.run` cancels its task.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


def end_at_interrupts() -> None:
    """Let Ctrl-C end this process without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def raising_interrupts() -> Iterator[None]:
    """Let Ctrl-C raise `KeyboardInterrupt` inside the block."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
