"""Work that pauses at a chosen call until it is resumed: deterministic interleaving.

A `Task` runs in its own thread, but never concurrently with its caller: one of the two always waits
for the other. So histories with slow workers are reproducible.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from tests.faults.harness.aws.errors import KilledError

Over = Callable[[], bool]
"""Says whether work is not continued any more."""
_here = threading.local()


def never() -> bool:
    """Return False."""
    return False


class Task:
    """Runs `work` until it pauses or ends; who resumes it when it `is_over` kills it."""

    def __init__(self, work: Callable[[], object], is_over: Over = never) -> None:
        self._work, self._is_over = work, is_over
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._is_killed = False
        self._error: BaseException | None = None
        self.is_done = False
        self._thread.start()

    def resume(self) -> None:
        """Continue the work to its next pause or its end; raises what the work raised."""
        if self.is_done:
            return
        if not self._is_killed and self._is_over():
            self.kill()
            return
        self._go.release()
        self._stopped.acquire()
        if self.is_done:
            self._thread.join()
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    def kill(self) -> None:
        """End the work at its current call, as if its process was killed."""
        self._is_killed = True
        try:
            self.resume()
        except KilledError:
            return

    def _run(self) -> None:
        self._go.acquire()
        _here.task = self
        try:
            if not self._is_killed:
                self._work()
        except BaseException as error:  # noqa: BLE001 - raised by `resume`
            self._error = error
        self.is_done = True
        self._stopped.release()

    def wait(self) -> None:
        """Pause until `resume` is called; raises `KilledError` if `kill` was called."""
        if not self._is_killed:
            self._stopped.release()
            self._go.acquire()
        if self._is_killed:
            raise KilledError


def pause() -> None:
    """Pause the current task; does nothing outside of a task."""
    task: Task | None = getattr(_here, "task", None)
    if task is not None:
        task.wait()
