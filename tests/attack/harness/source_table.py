"""The table of a database that commands read, and a follower of it. Edge (MySQL, processes)."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from ops_dashboard.local.mysql.videos_table import load_rows
from ops_dashboard.local.samples.video_row import VideoRow
from tests.attack.harness.attacked_stack import AttackedStack
from tests.attack.harness.truth import Row

FORMAT = "%Y-%m-%dT%H:%M:%S"


def load(url: str, rows: Iterable[Row]) -> None:
    """Insert rows into the table of the ``mysql://`` URL."""
    videos = [VideoRow(row.code.creator, row.url, row.created_at) for row in rows]
    asyncio.run(load_rows(url, videos))


@contextmanager
def following(
    stack: AttackedStack, url: str, since: str, *options: str
) -> Iterator[psutil.Process]:
    """Run ``stream-ingest follow`` with a batch for each read; it must be alive at the end."""
    program = Path(sys.executable).with_name("stream-ingest")
    log = stack.folder / "follow.log"
    command = [
        program, "follow", f"--mysql={url}", "--batch=read", "--flush", f"--since={since}", *options
    ]  # fmt: skip
    with (
        log.open("wb") as lines,
        subprocess.Popen(command, env=stack.variables, stderr=lines) as follower,  # noqa: S603 - ours
    ):
        try:
            yield psutil.Process(follower.pid)
            assert follower.poll() is None, log.read_text()
        finally:
            follower.send_signal(signal.SIGTERM)
