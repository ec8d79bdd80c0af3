"""How much memory this process has. Edge (/proc)."""

from __future__ import annotations

from pathlib import Path


def resident_mb() -> float:
    """Return what is resident now, in MiB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
