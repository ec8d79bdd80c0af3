"""Child processes with a group of their own, to be recognised and ended later. Edge (processes)."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

_POLL_S = 0.02
_HAS_PROC = Path("/proc/self/stat").is_file()  # Linux; elsewhere ps and signals have to do
_STATE, _PGRP, _STARTED = 0, 2, 19  # fields of /proc/<pid>/stat after the command's name (proc(5))


def started_at(pid: int) -> str | None:
    """Return when a process began, in a form to compare; None where there is no such process.

    With the pid this tells a process from a later one that was given the same number.
    """
    if _HAS_PROC:
        fields = _stat(pid)
        return fields[_STARTED] if fields and fields[_STATE] not in "ZX" else None
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    return done.stdout.strip() or None


def group_is_alive(group: int) -> bool:
    """Tell whether any process of a group still runs; one that waits to be reaped does not."""
    if _HAS_PROC:
        stats = (
            _stat(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdecimal()
        )
        return any(
            fields[_STATE] not in "ZX" and int(fields[_PGRP]) == group for fields in stats if fields
        )
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def end_group(group: int, patience_s: float = 10) -> None:
    """End every process of a group and return when the last is gone; ask first, then force.

    Safe where the group has ended already. Whoever started the group's first process reaps it.
    """
    for sign, wait_s in ((signal.SIGTERM, patience_s), (signal.SIGKILL, patience_s)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, sign)
        if _wait_for_end(group, wait_s):
            return
    msg = f"process group {group} does not end"
    raise TimeoutError(msg)


def _wait_for_end(group: int, wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while group_is_alive(group):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _stat(pid: int) -> list[str] | None:
    """Return a Linux process's status fields after its name; None where there is no process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    return text.rpartition(")")[2].split()
