"""Hides the database's password in this process's command line. Edge (this process's memory).

Other users can read the arguments of a process (``ps``). On Linux the arguments are stored in the
process's own memory, where it may overwrite them; until then the password is visible. The variable
``MYSQL_URL`` is never visible to other users.
"""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

_PASSWORD = re.compile(
    rb"((?:mysql|mariadb)(?:\+[a-z0-9_]+)?://[^:/@\0]*:)([^\0]*)(?=@)", re.IGNORECASE
)
_PARAMETER = re.compile(rb"((?:mysql|mariadb)[^\0]*[?&]password=)([^&\0]*)", re.IGNORECASE)
_STAT = Path("/proc/self/stat")
_ARG_START, _ARG_END = 45, 46
"""Positions of arg_start and arg_end after the command's name (proc_pid_stat(5), fields 48, 49)."""


def hide_password() -> None:
    """Overwrite the password in every database URL among the arguments; a no-op except on Linux."""
    try:
        fields = _STAT.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        start, end = int(fields[_ARG_START]), int(fields[_ARG_END])
    except (OSError, ValueError, IndexError):
        return
    if start < end:
        hidden = without_passwords(ctypes.string_at(start, end - start))
        ctypes.memmove(start, hidden, end - start)


def without_passwords(arguments: bytes) -> bytes:
    """Return NUL-terminated arguments with a star for each byte of a password."""
    for pattern in (_PASSWORD, _PARAMETER):
        arguments = pattern.sub(lambda match: match[1] + b"*" * len(match[2]), arguments)
    return arguments
