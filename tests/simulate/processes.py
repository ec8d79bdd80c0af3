"""The simulation's processes. Edge (processes).

There are two, each with half of the shards. Shards share nothing, so their states, windows and
figures are those of one process, in half of the time. Each generates all rows and uses its own.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait

import msgspec

from tests.simulate.pipeline import Part, Run, Scale

PROCESSES = 2


class PartFailedError(Exception):
    """A process ended without a result; it has printed why."""


def simulate(scale: Scale, processes: int = PROCESSES) -> list[Part]:
    """Run all shards in some processes and return their results; ends them if interrupted."""
    context = multiprocessing.get_context("spawn")
    pipes, running = [], []
    for number in range(processes):
        ours, theirs = context.Pipe(duplex=False)
        shards = range(number, scale.shards, processes)
        child = context.Process(target=_child, args=(scale, shards, theirs), daemon=True)
        child.start()
        theirs.close()
        pipes.append(ours)
        running.append(child)
    try:
        return _results(pipes, scale.rows)
    finally:
        for child in running:
            child.terminate()
            child.join()


def _child(scale: Scale, shards: Sequence[int], pipe: Connection) -> None:
    """Run some shards; sends progress and then the result through the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its children
    with suppress(BrokenPipeError):  # the parent is gone
        part = Run(scale, shards, pipe.send).run()
        pipe.send_bytes(msgspec.msgpack.encode(part))


def _results(pipes: Sequence[Connection], rows: int) -> list[Part]:
    """Read from the processes until each has sent its result."""
    done = dict.fromkeys(pipes, 0)
    found: dict[Connection, Part] = {}
    began, printed = time.monotonic(), 0
    while len(found) < len(pipes):
        for pipe in wait([each for each in pipes if each not in found]):
            assert isinstance(pipe, Connection)
            try:
                if done[pipe] < rows:
                    done[pipe] = pipe.recv()
                else:
                    found[pipe] = msgspec.msgpack.decode(pipe.recv_bytes(), type=Part)
            except EOFError as error:
                msg = "a process of the simulation ended early"
                raise PartFailedError(msg) from error
        slowest = min(done.values())
        if slowest >= printed + rows // 50:
            printed = slowest
            _say(printed, rows, time.monotonic() - began)
    return [found[pipe] for pipe in pipes]


def _say(done: int, rows: int, seconds: float) -> None:
    sys.stderr.write(f"    {100 * done // rows:3} %  {done:,} rows, {seconds:,.0f} s\n")
    sys.stderr.flush()
