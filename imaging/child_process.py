"""A child process that decodes files of strangers. Edge (processes).

A decoder that writes beyond its memory then costs one image, and an attacker who takes it over
finds neither credentials nor the pipeline's memory: not in the child, whose environment has none,
and not in the parent, which calls `imaging.process_setup.forbid_inspection` first.

The child gets its end of a socket pair as a file descriptor, the last argument of its command, and
answers one request at a time. Messages are bytes, framed by `multiprocessing.connection`, and never
pickles. Its `poll(timeout)` is no time limit, because a hostile child may answer byte by byte; so a
timer kills the child, whatever it is doing.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection

_PASSED_VARIABLES = ("PATH", "LD_LIBRARY_PATH")


class ChildEndedError(Exception):
    """The child ended, or was killed at its limit, before its answer."""

    def __init__(self, returncode: int, *, is_late: bool) -> None:
        """`returncode` is that of `subprocess`: negative if a signal ended the child."""
        how = "took too long" if is_late else f"ended with {returncode}"
        super().__init__(f"the decoder's process {how}")
        self.returncode, self.is_late = returncode, is_late


@dataclass(frozen=True, slots=True)
class ChildProcess:
    """A running child as seen by its parent."""

    process: subprocess.Popen[bytes]
    connection: Connection

    def ask(self, request: bytes, limit_s: float) -> bytes:
        """Return the answer to a request; raises `ChildEndedError`, and then the child has ended.

        The child is killed after `limit_s` seconds.
        """
        late = threading.Event()

        def kill() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(limit_s, kill)
        timer.start()
        try:
            self.connection.send_bytes(request)
            return self.connection.recv_bytes()
        except (OSError, EOFError) as error:
            self.end()
            raise ChildEndedError(self.process.returncode, is_late=late.is_set()) from error
        finally:
            timer.cancel()
            timer.join()
            if late.is_set():  # perhaps just after its answer
                self.end()

    @property
    def has_ended(self) -> bool:
        """Whether it cannot answer any more; its limit may have ended it just after an answer."""
        return self.process.returncode is not None

    def end(self) -> None:
        """Kill the process and wait for its end; safe to call again."""
        self.process.kill()
        self.connection.close()
        self.process.wait()


def start_child(command: Sequence[str], variables: Mapping[str, str] | None = None) -> ChildProcess:
    """Start a command whose environment has no variables of ours but those that it needs to run."""
    passed = {name: os.environ[name] for name in _PASSED_VARIABLES if name in os.environ}
    path = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ours, theirs = multiprocessing.Pipe()
    with theirs:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [*command, str(theirs.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            env=passed | path | dict(variables or {}),
        )
    return ChildProcess(process, ours)
