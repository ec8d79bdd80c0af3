"""``ops-dashboard demo``: run the demo, report, optionally keep it running. Edge (processes)."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import time
from pathlib import Path

from ops_dashboard.local.aws.instances import running
from ops_dashboard.local.demo.console import running_console
from ops_dashboard.local.demo.demo import Demo, DemoResult
from ops_dashboard.local.demo.inputs import DemoFailedError
from ops_dashboard.local.demo.output import (
    COLLAGES,
    CONTACT_SHEET,
    PHOTOS,
    SUMMARY,
    clear_output,
)
from ops_dashboard.local.demo.summary import photos_line, summary_table
from ops_dashboard.printing.terminal import console
from stream_ingest.cli.terminal import run, say, sigterm_interrupts

_MAX_DIFFERENCES = 20
_POLL_S = 1.0
_SUCCESS = b"y"


def run_demo(output: Path, *, keep: bool) -> None:
    """Run the demo; raises `DemoFailedError` if its results are not the expected ones."""
    clear_output(output)
    with sigterm_interrupts():  # so that everything started is stopped then, too
        if keep:
            _run_in_background(output)
            return
        with contextlib.ExitStack() as stack:
            _report(Demo(output, stack).run(), output)


def _report(result: DemoResult, output: Path) -> None:
    """Print the summary; raises `DemoFailedError` if there are differences."""
    console(sys.stderr).print(summary_table(result.summary))
    say(photos_line(result.summary.photos))
    if result.differences:
        shown = "\n  ".join(result.differences[:_MAX_DIFFERENCES])
        msg = f"{len(result.differences)} differences from the generated data:\n  {shown}"
        raise DemoFailedError(msg)
    say("Every figure, every cell and every rendition matches the generated data.")
    say(f"Collages: {output}/{COLLAGES}/ — figures: {output}/{SUMMARY}")
    say(f"Photos: {output}/{PHOTOS}/ — at a glance: {output}/{CONTACT_SHEET}")


def _report_kept(result: DemoResult, address: str) -> None:
    say(f"Still running: the console at {address}")
    say(f"and AWS at {result.environment['AWS_ENDPOINT_URL']}. To use it, set:")
    for name, value in result.environment.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    sys.stdout.flush()
    say("The status of each batch:")
    for batch in result.summary.batches:
        say(f"  ops-dashboard status --batch {batch.batch_id}  # {batch.input_name}")
    say(f"Stop it with: ops-dashboard local down --port {result.port}")


def _run_in_background(output: Path) -> None:
    """Run the demo in a child process, which keeps serving the covers; exit with its result.

    The child exits when its embedded AWS is stopped (``ops-dashboard local down``).
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
        succeeded = os.read(reader, 1)
    except KeyboardInterrupt:
        os.killpg(child, signal.SIGINT)
        os.waitpid(child, 0)
        raise
    if succeeded != _SUCCESS:
        _, status = os.waitpid(child, 0)
        raise SystemExit(os.waitstatus_to_exitcode(status) or 1)


def _child(output: Path, writer: int) -> None:
    with contextlib.ExitStack() as stack:
        result = Demo(output, stack, with_metrics=True).run()
        _report(result, output)
        (instance,) = (each for each in running() if each.port == result.port)
        address = stack.enter_context(running_console(result.environment, Path(instance.folder)))
        _report_kept(result, address)
        os.write(writer, _SUCCESS)
        os.close(writer)
        _detach_from_terminal()
        while any(instance.port == result.port for instance in running()):
            time.sleep(_POLL_S)


def _detach_from_terminal() -> None:
    """Redirect the standard streams to /dev/null, so that no pipe waits for this process."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    os.close(null)
