"""The peak memory of this process and of its children. Edge (procfs).

The limit of a function is on all its processes together. ``VmHWM`` is the peak of one address space
since the program in it was started (proc_pid_status(5)). `getrusage` is no substitute: what it says
of a child includes the memory of the parent from which it was forked.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
_KB_PER_MB = 1024


def peak_memory_mb() -> float:
    """Return the peak resident memory of this process and its living children in MB."""
    own = _peak_kb(_PROC / "self")
    return (own + sum(map(_peak_kb, _children()))) / _KB_PER_MB


def _children() -> Iterator[Path]:
    """Yield the directories of this process's children: each of them is of one thread.

    None on a kernel without ``children`` (CONFIG_PROC_CHILDREN), which Linux distributions have.
    """
    for task in (_PROC / "self" / "task").iterdir():
        for pid in _read(task / "children").split():
            yield _PROC / pid


def _peak_kb(process: Path) -> int:
    """Return the peak of a process in KB, 0 if it has ended."""
    for line in _read(process / "status").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    return 0


def _read(path: Path) -> str:
    """Return the text of a file, nothing if its thread or process has ended."""
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""
