"""Bytecode for bundles, compiled when they are built. Edge (runs Python).

A function's code is read-only, so without bytecode it compiles all that it imports at each cold
start: 0.5 of the collage's 0.8 seconds. Bytecode is for one minor version of Python, which is in
the file's name; other versions ignore it and read the source. It names its source by the path in
the bundle and is never checked against it (PEP 552), so it depends only on the sources and the
compiler.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
import uv


class Compiler(msgspec.Struct, frozen=True, kw_only=True):
    """A Python on this machine."""

    path: str
    version: str
    """Full version, such as 3.13.9."""


@cache
def compiler(version: str) -> Compiler | None:
    """Return a Python of a minor version such as 3.13, this one or one that uv finds, or None."""
    here = platform.python_version()
    if here.startswith(f"{version}."):
        return Compiler(path=sys.executable, version=here)
    path = _output(uv.find_uv_bin(), "python", "find", "--no-project", version)
    found = _output(path, "-I", "-c", "import platform; print(platform.python_version())")
    return Compiler(path=path, version=found) if found.startswith(f"{version}.") else None


def with_bytecode(
    files: Mapping[str, Path], python: Compiler | None, folder: Path
) -> dict[str, Path]:
    """Return `files` with the bytecode of each module that compiles, written to `folder`.

    Without a compiler, return `files` alone; functions then start more slowly.
    """
    if python is None:
        return dict(files)
    for name, path in files.items():
        if name.endswith(".py"):
            copy = folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    command = [python.path, "-I", "-m", "compileall", "-q", "-s", str(folder), str(folder)]
    command += ["--invalidation-mode", "unchecked-hash"]
    # A file that does not compile has no bytecode; the exit code says no more than that.
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 - our own arguments
    compiled = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.pyc")}
    return {**files, **compiled}


def _output(*command: str) -> str:
    """Return the output of a command; empty if it cannot be run or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.strip()
