"""Memory of this process. Edge (/proc)."""

from __future__ import annotations

from pathlib import Path


def resident_mb() -> float:
    """Return the resident memory, in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
