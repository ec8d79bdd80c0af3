"""Which peers are installed on this machine, and why others are missing. Edge (PATH)."""

from __future__ import annotations

import importlib.util
import os
import shutil


def missing_module(module: str) -> str | None:
    """Return why a Python package is missing, or None if it is installed."""
    if importlib.util.find_spec(module) is None:
        return f"{module} is not installed (uv sync --group bench)"
    return None


def missing_program(program: str, package: str) -> str | None:
    """Return why a program is missing, or None if it is installed."""
    if shutil.which(program) is None:
        return f"no {program} on PATH (apt-get install {package})"
    return None


def one_core() -> None:
    """Pin this process, and all that it starts, to one core: some libraries start threads."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
