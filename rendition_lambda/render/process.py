"""Photos are rendered in a child process without credentials. Edge (processes).

It has a limit of memory and time, renders many photos, one at a time, and is replaced after a
crash, after a photo that took too long, and now and then. See `imaging.child_process`.
"""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

import msgspec

from imaging.child_process import ChildEndedError, ChildProcess, start_child
from imaging.process_setup import forbid_inspection
from rendition_lambda.reasons import PhotoError, PhotoFailure
from rendition_lambda.recipe import Recipe
from rendition_lambda.render.messages import Answer, Job
from rendition_lambda.render.rendered import Rendered

LIMIT_S = 60.0
"""How long one photo may take, also in processor time; 300 megapixels take 10 s on one core."""
_MAX_PHOTOS = 200
"""After so many photos a child is replaced, because decoders leak and memory gets fragmented."""
_COMMAND = (sys.executable, "-m", "rendition_lambda.render.child")
_VARIABLES = {
    "VIPS_CONCURRENCY": "1",
    "MALLOC_ARENA_MAX": "2",
    "OPENBLAS_NUM_THREADS": "1",
    "TZ": "UTC",
}
"""One thread decodes and one encodes; NumPy otherwise reserves memory for a thread of each core."""


class RenderProcess:
    """The child process as seen by its parent; safe to call from several threads."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        """Give each photo `limit_s` seconds; the child is started by the first one."""
        self._limit_s, self._lock = limit_s, threading.Lock()
        self._child: ChildProcess | None = None
        self._photos = 0

    def render(self, source: Path, folder: Path, recipe: Recipe) -> Rendered:
        """Write a photo's outputs into `folder` and return them; raises `PhotoError`.

        `source` keeps the suffix of the original's name, by which RAW formats are told apart. An
        earlier photo may have caused a crash, so a photo is tried again in a fresh process. After a
        failure there may be files in `folder`.
        """
        job = Job(source=str(source), folder=str(folder), recipe=recipe, cpu_s=self._limit_s)
        with self._lock:
            tries = 1 if self._child is None else 2
            while True:
                tries -= 1
                try:
                    return _result(self._ask(job), job)
                except ChildEndedError as ended:
                    if is_late(ended):
                        raise PhotoError(PhotoFailure.TIMED_OUT, str(ended)) from ended
                    if not tries:
                        raise PhotoError(PhotoFailure.CRASHED, str(ended)) from ended

    def close(self) -> None:
        """End the child, if there is one."""
        with self._lock:
            self._drop()

    def _ask(self, job: Job) -> Answer:
        if self._photos >= _MAX_PHOTOS:
            self._drop()
        child = self._child = self._child or _start()
        self._photos += 1
        try:
            answer = child.ask(msgspec.msgpack.encode(job), self._limit_s)
            return msgspec.msgpack.decode(answer, type=Answer)
        except msgspec.DecodeError as error:
            child.end()
            raise ChildEndedError(child.process.returncode, is_late=False) from error
        finally:
            if child.has_ended:
                self._drop()

    def _drop(self) -> None:
        if self._child is not None:
            self._child.end()
        self._child, self._photos = None, 0


def is_late(ended: ChildEndedError) -> bool:
    """Return whether a child was ended by a limit of time: its parent's or the processor's."""
    return ended.is_late or ended.returncode == -signal.SIGXCPU


def _start() -> ChildProcess:
    forbid_inspection()
    return start_child(_COMMAND, _VARIABLES)


def _result(answer: Answer, job: Job) -> Rendered:
    if answer.refusal is not None:
        raise PhotoError(answer.refusal.reason, answer.refusal.detail)
    if answer.rendered is None or not _is_as_ordered(answer.rendered, job):
        raise PhotoError(PhotoFailure.CRASHED, "an answer that does not fit the recipe")
    return answer.rendered


def _is_as_ordered(rendered: Rendered, job: Job) -> bool:
    """Return whether the outputs are those of the recipe, as files of the folder.

    A child that was taken over could name any file of its parent, to have it published.
    """
    folder = Path(job.folder)
    paths = [folder / f"{output.name}.jpg" for output in job.recipe.outputs]
    return [each.path for each in rendered.outputs] == [str(path) for path in paths] and all(
        path.is_file() and not path.is_symlink() for path in paths
    )
