"""HEIC and HEIF decoded in a process of its own. Edge (a child process).

The decoder behind it (libde265 1.1.0, as pi-heif 1.4.0 ships it) writes beyond its memory for some
broken files, and a mutation or two of 10,000 end the process. So a crash must cost one cell, and
whoever takes the decoder over must find neither credentials nor the pipeline's memory. It is asked
through a pipe, one image at a time; started with the first one, and started anew after a crash.

Run as ``python -m collage_lambda.image.heif_process`` it is the child: requests come on stdin,
answers go to what was stdout, each a length of 4 bytes and MessagePack.
"""

from __future__ import annotations

import os
import resource
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from typing import IO, TypeVar

import msgspec
from PIL import Image

from collage_lambda.image.colour import Rgb
from collage_lambda.image.decode import Cell, CellSpec, decode_cell
from collage_lambda.image.interpreter import return_memory, watch_pillow
from collage_lambda.reasons import Failure, FailureReason

LIMIT_S = 10.0
"""How long one image may take; a 20-megapixel HEIC takes 2 s on one core."""
_CHILD_BYTES = 1024 * 1024 * 1024
"""Address space of the child: the interpreter, and the largest decoding that is let through."""
_LENGTH = struct.Struct(">I")
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH")
_Message = TypeVar("_Message")


class _Request(msgspec.Struct, frozen=True, array_like=True):
    data: bytes
    cell_px: int
    background: Rgb


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """A cell as its RGB bytes, or why there is none."""

    pixels: bytes = b""
    width: int = 0
    height: int = 0
    failure: Failure | None = None


class _CrashError(Exception):
    """The child has ended before its answer; says how."""


class HeifProcess:
    """The child process, as whoever needs a cell sees it; safe to call from several threads."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        """Start nothing yet; let an image take `limit_s`."""
        self._limit_s, self._lock = limit_s, threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def decode(self, data: bytes, spec: CellSpec) -> Cell | Failure:
        """Return the cell of an image, or why there is none; raises nothing for any bytes.

        A crash may be an earlier image's doing, so the image is tried again by a fresh process.
        """
        request = _Request(data, spec.cell_px, spec.background)
        with self._lock:
            tries = 1 if self._child is None else 2
            while True:
                tries -= 1
                try:
                    return _cell(self._ask(request), spec)
                except _CrashError as crash:
                    if not tries:
                        return Failure(reason=FailureReason.CORRUPT, detail=str(crash))

    def close(self) -> None:
        """End the child, if there is one."""
        with self._lock:
            self._drop()

    def _ask(self, request: _Request) -> _Answer:
        child = self._child = self._child or _start()
        late = threading.Event()

        def give_up() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(self._limit_s, give_up)
        timer.start()
        try:
            _send(_pipe(child.stdin), request)
            return _receive(_pipe(child.stdout), _Answer)
        except (OSError, EOFError, msgspec.DecodeError) as error:
            self._drop()
            how = "took too long" if late.is_set() else f"ended with {child.returncode}"
            msg = f"the decoder's process {how}"
            raise _CrashError(msg) from error
        finally:
            timer.cancel()
            timer.join()
            if late.is_set():  # perhaps just after its answer
                self._drop()

    def _drop(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        with suppress(OSError):  # what was not flushed is of no use to anyone
            _pipe(child.stdin).close()
        _pipe(child.stdout).close()
        child.wait()


def _start() -> subprocess.Popen[bytes]:
    variables = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "collage_lambda.image.heif_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=variables | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise AssertionError
    return stream


def _send(stream: IO[bytes], message: msgspec.Struct) -> None:
    body = msgspec.msgpack.encode(message)
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def _receive(stream: IO[bytes], kind: type[_Message]) -> _Message:
    """Return the next message; `EOFError` where the other side has gone."""
    head = stream.read(_LENGTH.size)
    body = stream.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
    if not body:
        raise EOFError
    return msgspec.msgpack.decode(body, type=kind)


def _cell(answer: _Answer, spec: CellSpec) -> Cell | Failure:
    if answer.failure is not None:
        return answer.failure
    side = spec.cell_px
    return Cell(
        image=Image.frombytes("RGB", (side, side), answer.pixels),
        format="HEIF",
        width=answer.width,
        height=answer.height,
    )


def _answer(request: _Request) -> _Answer:
    spec = CellSpec(cell_px=request.cell_px, background=request.background)
    outcome = decode_cell(request.data, spec)
    if isinstance(outcome, Failure):
        return _Answer(failure=outcome)
    return _Answer(outcome.image.tobytes(), outcome.width, outcome.height)


def main() -> None:
    """Answer requests until there are no more."""
    resource.setrlimit(resource.RLIMIT_AS, (_CHILD_BYTES, _CHILD_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return_memory()
    watch_pillow()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints is no answer
    with answers, suppress(EOFError):
        while True:
            _send(answers, _answer(_receive(sys.stdin.buffer, _Request)))


if __name__ == "__main__":
    main()
