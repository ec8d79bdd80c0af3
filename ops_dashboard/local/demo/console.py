"""Runs the console as a separate process. Edge (processes)."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from stream_ingest.contracts.errors import UserError

_STOP_TIMEOUT_S = 15


@contextlib.contextmanager
def running_console(environment: Mapping[str, str], folder: Path, *arguments: str) -> Iterator[str]:
    """Run ``ops-dashboard serve`` during a ``with`` block; yield its address.

    `environment` contains the variables of its AWS; its log is ``console.log`` in `folder`. Raises
    `UserError` if it does not start.
    """
    log = folder / "console.log"
    with log.open("ab") as lines:
        process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            [Path(sys.executable).with_name("ops-dashboard"), "serve", "--port=0", *arguments],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=lines,
            text=True,
        )
    with process:
        assert process.stdout is not None  # noqa: S101 - stdout is a pipe
        address = process.stdout.readline().strip()
        if not address:
            process.wait(_STOP_TIMEOUT_S)
            msg = f"the console did not start: {log.read_text(errors='replace').strip()[-500:]}"
            raise UserError(msg)
        try:
            yield address
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[str]) -> None:
    """Stop the console; an interrupted upload can be continued with ``push --resume``."""
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
