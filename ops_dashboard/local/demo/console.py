"""The console beside a demo that is kept: a command of its own. Edge (processes)."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from stream_ingest.contracts.errors import UserError

_END_S = 15


@contextlib.contextmanager
def console_beside(environment: Mapping[str, str], folder: Path, *arguments: str) -> Iterator[str]:
    """Run ``ops-dashboard serve`` while the block runs; yield its address.

    `environment` are the variables of its AWS; its log is ``console.log`` in `folder`. `UserError`
    where it does not start.
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
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        address = process.stdout.readline().strip()
        if not address:
            process.wait(_END_S)
            msg = f"the console does not start: {log.read_text(errors='replace').strip()[-500:]}"
            raise UserError(msg)
        try:
            yield address
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """End the console; an upload that it still sends can be taken up with ``push --resume``."""
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
