"""Child processes in a group of their own, identified and ended later. Edge (processes)."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import psutil

_POLL_S = 0.02
_ENDED = frozenset({psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD})


def started_at(pid: int) -> str | None:
    """Return when a process started, in seconds since boot, or None if it does not run.

    Together with the pid this identifies the process: a later process with the same pid has
    another start time. Counted from boot, because the wall clock may be set in between.
    """
    try:
        process = psutil.Process(pid)
        if process.status() in _ENDED:
            return None
        return f"{process.create_time() - psutil.boot_time():.2f}"
    except psutil.NoSuchProcess:
        return None


def group_is_alive(group: int) -> bool:
    """Return whether any process of a group still runs; zombies do not count."""
    return any(
        process.info["status"] not in _ENDED and _group_of(process.pid) == group
        for process in psutil.process_iter(["status"])
    )


def end_group(group: int, timeout_s: float = 10) -> None:
    """Terminate every process of a group, then kill what is left; return when all have ended.

    Idempotent. The parent of the group's first process still has to reap it. Raises `TimeoutError`
    if a process survives both signals for `timeout_s` each.
    """
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, sign)
        if _wait_for_end(group, timeout_s):
            return
    msg = f"process group {group} does not end"
    raise TimeoutError(msg)


def _wait_for_end(group: int, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while group_is_alive(group):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None
