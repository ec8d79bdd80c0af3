"""A function that is called repeatedly beside what a test or a benchmark does. Edge (thread)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def called_every(period_s: float, sample: Callable[[], None]) -> Iterator[None]:
    """Call `sample` every `period_s` seconds in a thread for as long as the block runs."""
    done = threading.Event()

    def run() -> None:
        while not done.wait(period_s):
            sample()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
