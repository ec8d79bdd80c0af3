"""Who runs this process, for people. Edge (operating system)."""

from __future__ import annotations

import getpass
import os
import socket

_HIDDEN = str.maketrans(dict.fromkeys(map(chr, range(32))))


def current_owner() -> str:
    """Return user and host: ``ana@laptop``; a user without a name by its number."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user is in no list of users
        user = f"user {os.getuid()}"
    return f"{user}@{socket.gethostname()}".translate(_HIDDEN)[:120]
