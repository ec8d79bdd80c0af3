"""Process-wide settings of processes that decode images. Edge (allocator, kernel)."""

from __future__ import annotations

import ctypes
import os

_M_TRIM_THRESHOLD = -1
"""`M_TRIM_THRESHOLD`: how much may stay free at the end of a heap (malloc.h)."""
_M_MMAP_THRESHOLD = -3
"""`M_MMAP_THRESHOLD`: from this size on, each block is mapped and unmapped itself (malloc.h)."""
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 4, 38
"""Options of prctl(2)."""
_LARGE_BLOCK_BYTES = 4 * 1024 * 1024


def configure_malloc() -> None:
    """Let glibc return large blocks to the system as soon as they are free, and keep small ones.

    By default it raises that threshold to 32 MB and keeps the pixels of a hostile window for good:
    measured, 35 images of 50 megapixels peak at 300 MB instead of 530. With that threshold alone it
    would also return a cover's 0.5 MB of pixels and map them again for the next cover: 150 page
    faults an image, a twentieth of all CPU. So a heap may keep up to one large block.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # musl has no such function and does not keep blocks
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _LARGE_BLOCK_BYTES)


def forbid_inspection() -> None:
    """Close this process's memory and environment to other processes of its user, and to children.

    The kernel then gives ``/proc/<pid>/environ``, ``mem`` and ptrace to root alone, and writes no
    core dump. A child that starts another program can be inspected again.
    """
    _prctl(_PR_SET_DUMPABLE, 0)


def forbid_new_privileges() -> None:
    """Keep this process and what it starts from more privileges, as by a setuid program."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
