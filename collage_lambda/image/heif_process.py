"""HEIC and HEIF are decoded in a child process. Edge (processes).

The decoder (libde265 1.1.0, as pi-heif 1.4.0 ships it) writes beyond its memory for some broken
files, and one or two of 10,000 mutations crash it. In a child a crash costs one cell
(`imaging.child_process`). The child is started by the first image, answers one request at a time,
and is restarted after a crash.

Run as ``python -m collage_lambda.image.heif_process FD`` it is the child: FD is its end of a socket
pair. Messages are MessagePack.
"""

from __future__ import annotations

import resource
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection

import msgspec
from PIL import Image

from collage_lambda.image.colour import Rgb
from collage_lambda.image.decode import Cell, CellSpec, decode_cell
from collage_lambda.image.process_setup import configure_process
from collage_lambda.reasons import Failure, FailureReason
from imaging.child_process import ChildEndedError, ChildProcess, start_child
from imaging.process_setup import forbid_inspection, forbid_new_privileges

LIMIT_S = 10.0
"""How long one image may take; a 20-megapixel HEIC takes 2 s on one core."""
_CHILD_BYTES = 1024 * 1024 * 1024
"""Address space of the child: the interpreter, and the largest decoding that is allowed."""
_COMMAND = (sys.executable, "-m", "collage_lambda.image.heif_process")


class _Request(msgspec.Struct, frozen=True, array_like=True):
    data: bytes
    cell_px: int
    background: Rgb
    min_side_px: int


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """A cell as its RGB bytes, or why there is none."""

    pixels: bytes = b""
    width: int = 0
    height: int = 0
    failure: Failure | None = None


class HeifProcess:
    """The child process as seen by its parent; safe to call from several threads."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        """Give each image `limit_s` seconds; the child is started by the first one."""
        self._limit_s, self._lock = limit_s, threading.Lock()
        self._child: ChildProcess | None = None

    def decode(self, data: bytes, spec: CellSpec) -> Cell | Failure:
        """Return the cell of an image, or why there is none; raises nothing for any bytes.

        An earlier image may have caused a crash, so the image is tried again in a fresh process.
        """
        request = _Request(data, spec.cell_px, spec.background, spec.min_side_px)
        with self._lock:
            tries = 1 if self._child is None else 2
            while True:
                tries -= 1
                try:
                    return _cell(self._ask(request), spec)
                except ChildEndedError as ended:
                    if not tries:
                        return Failure(reason=FailureReason.CORRUPT, detail=str(ended))

    def close(self) -> None:
        """End the child, if there is one."""
        with self._lock:
            self._drop()

    def _ask(self, request: _Request) -> _Answer:
        child = self._child = self._child or _start()
        try:
            answer = child.ask(msgspec.msgpack.encode(request), self._limit_s)
            return msgspec.msgpack.decode(answer, type=_Answer)
        except msgspec.DecodeError as error:
            child.end()
            raise ChildEndedError(child.process.returncode, is_late=False) from error
        finally:
            if child.has_ended:
                self._child = None

    def _drop(self) -> None:
        if self._child is not None:
            self._child.end()
        self._child = None


def _start() -> ChildProcess:
    forbid_inspection()
    return start_child(_COMMAND)


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
    spec = CellSpec(
        cell_px=request.cell_px,
        background=request.background,
        min_side_px=request.min_side_px,
        simd=False,  # decoding takes a hundred times as long as scaling
    )
    outcome = decode_cell(request.data, spec)
    if isinstance(outcome, Failure):
        return _Answer(failure=outcome)
    return _Answer(outcome.image.tobytes(), outcome.width, outcome.height)


def main() -> None:
    """Answer requests until the parent closes its end."""
    forbid_new_privileges()
    resource.setrlimit(resource.RLIMIT_AS, (_CHILD_BYTES, _CHILD_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    configure_process()
    with Connection(int(sys.argv[1])) as connection, suppress(EOFError, OSError):
        while True:
            request = msgspec.msgpack.decode(connection.recv_bytes(), type=_Request)
            connection.send_bytes(msgspec.msgpack.encode(_answer(request)))


if __name__ == "__main__":
    main()
