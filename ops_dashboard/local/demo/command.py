"""Run the demo, say what came out, and leave it running on request. Edge."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from ops_dashboard.local.aws.instances import running
from ops_dashboard.local.demo.console import console_beside
from ops_dashboard.local.demo.demo import Demo, DemoResult
from ops_dashboard.local.demo.inputs import DemoFailedError
from ops_dashboard.local.demo.output import COLLAGES, SUMMARY, clear_output
from ops_dashboard.local.demo.summary import summary_table
from ops_dashboard.printing.terminal import console
from stream_ingest.cli.terminal import run, say

_MOST_DIFFERENCES = 20
_WATCH_EVERY_S = 1.0


def run_demo(output: Path, *, keep: bool) -> None:
    """Run the demo; `DemoFailedError` where what comes out is not what was generated."""
    clear_output(output)
    signal.signal(signal.SIGTERM, _interrupt)  # so that what was started is stopped then, too
    if keep:
        _run_in_background(output)
        return
    with contextlib.ExitStack() as stack:
        _tell(Demo(output, stack).run(), output)


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _tell(result: DemoResult, output: Path) -> None:
    """Print the summary; `DemoFailedError` where it is not what was generated."""
    console(sys.stderr).print(summary_table(result.summary))
    if result.differences:
        shown = "\n  ".join(result.differences[:_MOST_DIFFERENCES])
        msg = f"{len(result.differences)} differences from what was generated:\n  {shown}"
        raise DemoFailedError(msg)
    say("Every figure and every cell is what was generated.")
    say(f"Look at the collages in {output}/{COLLAGES}/ and the figures in {output}/{SUMMARY}.")


def _tell_kept(result: DemoResult, address: str) -> None:
    say(f"Left running: the console at {address}")
    say(f"and AWS at {result.environment['AWS_ENDPOINT_URL']}. To use it:")
    for name, value in result.environment.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    sys.stdout.flush()
    say("What each batch came to:")
    for batch in result.summary.batches:
        say(f"  ops-dashboard status --batch {batch.batch_id}  # {batch.entrance}")
    say(f"Stop it with: ops-dashboard local down --port {result.port}")


def _run_in_background(output: Path) -> None:
    """Run in a child that stays, as it serves the covers; end with the child's verdict.

    The child ends by itself when its embedded AWS is stopped (``ops-dashboard local down``).
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.setsid()
        run(lambda: _child(output, writer), "ops-dashboard")
        raise SystemExit(0)
    os.close(writer)
    try:
        verdict = os.read(reader, 1)
    except KeyboardInterrupt:
        os.killpg(child, signal.SIGINT)
        os.waitpid(child, 0)
        raise
    if verdict != b"y":
        _, status = os.waitpid(child, 0)
        raise SystemExit(os.waitstatus_to_exitcode(status) or 1)


def _child(output: Path, writer: int) -> None:
    with contextlib.ExitStack() as stack:
        result = Demo(output, stack, bridged=True).run()
        _tell(result, output)
        (instance,) = (each for each in running() if each.port == result.port)
        address = stack.enter_context(console_beside(result.environment, Path(instance.folder)))
        _tell_kept(result, address)
        os.write(writer, b"y")
        os.close(writer)
        _let_go_of_terminal()
        while any(instance.port == result.port for instance in running()):
            time.sleep(_WATCH_EVERY_S)


def _let_go_of_terminal() -> None:
    """Point the standard streams nowhere, so that no pipe waits for this process."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
