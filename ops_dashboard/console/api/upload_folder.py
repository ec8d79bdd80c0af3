"""Uploaded files on disk, and what became of them. Edge (disk, file locks).

Each upload has a record (``<batch>.json``), so that a console that starts again shows how it ended.
A file that is being received is ``<batch>.part`` and then ``<batch>.csv``, until its push has ended
or cannot be continued. A lock tells the uploads of a running console from those of one that was
stopped.
"""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path
from typing import IO

import msgspec

from stream_ingest.contracts.errors import UserError

SENDING, SENT, FAILED, RECEIVING = "sending", "sent", "failed", "receiving"
_CUT_OFF = "the console was stopped while it received the file; upload it again"
_NOT_STARTED = (
    "the console was stopped meanwhile; unless the batch is shown here, none of its rows was sent:"
    " upload the file again"
)
_OWN_FOLDER = 0o700
_OWN_FILE = 0o600


class Upload(msgspec.Struct, kw_only=True):
    """One file and the state of its push."""

    batch_id: str
    name: str
    bytes: int = 0
    state: str = RECEIVING
    """``receiving``, ``sending``, ``sent`` or ``failed``. Once sent, the batch itself has the
    progress."""
    error: str | None = None
    remarks: tuple[str, ...] = ()
    """What the file's owner should know about how it was read."""


def how_to_resume(batch_id: str) -> str:
    """Return what to do about a push that was interrupted."""
    return f"continue with: stream-ingest push --resume --batch-id {batch_id}"


class UploadFolder:
    """The files and records of the uploads of one stack."""

    def __init__(self, folder: Path, can_resume: Callable[[str], bool], shown: int) -> None:
        """`can_resume` returns whether a batch's push can be continued; keep `shown` records."""
        self._folder, self._can_resume, self._shown = folder, can_resume, shown
        self._locks: dict[str, IO[bytes]] = {}

    def path(self, batch_id: str) -> Path:
        """Return where the whole file of an upload is."""
        return self._folder / f"{batch_id}.csv"

    def create(self, upload: Upload) -> FileIO:
        """Return a new file for an upload; raises `UserError` if its batch has one already."""
        with _writing(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True, mode=_OWN_FOLDER)
            if not self._lock(upload.batch_id):
                raise UserError(_exists(upload.batch_id))
            if self.path(upload.batch_id).exists():
                self._unlock(upload.batch_id)
                raise UserError(_exists(upload.batch_id))
            self.save(upload)
            # Unbuffered: closing it writes nothing that a full disk could refuse once more.
            return self._part(upload.batch_id).open("wb", buffering=0)

    def complete(self, batch_id: str) -> Path:
        """Give a file that was received its name, and return it."""
        return self._part(batch_id).replace(self.path(batch_id))

    def save(self, upload: Upload) -> None:
        """Write an upload's record in one step."""
        with _writing(self._folder):
            new = self._folder / f"{upload.batch_id}.json.new"
            new.touch(_OWN_FILE)
            new.write_bytes(msgspec.json.encode(upload))
            new.replace(self._record(upload.batch_id))

    def end(self, upload: Upload) -> None:
        """Write how an upload ended; remove its file unless its push can be continued."""
        if upload.state == SENT or not self._can_resume(upload.batch_id):
            self._remove_file(upload.batch_id)
        self.save(upload)
        self._unlock(upload.batch_id)

    def forget(self, batch_id: str) -> None:
        """Remove the file and the record of an upload that was refused."""
        self._remove_file(batch_id)
        self._record(batch_id).unlink(missing_ok=True)
        self._unlock(batch_id)

    def recover(self) -> list[Upload]:
        """Return the uploads of consoles before this one, the latest first.

        Those that were interrupted have failed. Removes what is left of files whose push cannot be
        continued, and the oldest records. Uploads of a console that is running are left alone.
        """
        records = sorted(self._folder.glob("*.json"), key=_modified, reverse=True)
        return [
            upload
            for place, record in enumerate(records)
            if (upload := self._recover(record, keeps=place < self._shown)) is not None
        ]

    def _recover(self, record: Path, *, keeps: bool) -> Upload | None:
        batch_id = record.stem
        if not self._lock(batch_id):
            return None
        try:
            upload = msgspec.json.decode(record.read_bytes(), type=Upload)
        except (OSError, msgspec.DecodeError):
            upload = Upload(batch_id=batch_id, name=batch_id, state=FAILED, error=_CUT_OFF)
        if upload.state in {RECEIVING, SENDING}:
            upload.error = self._why_interrupted(upload)
            upload.state = FAILED
        self.end(upload)
        if not keeps and not self.path(batch_id).exists():
            self.forget(batch_id)
            return None
        return upload

    def _why_interrupted(self, upload: Upload) -> str:
        if upload.state == RECEIVING:
            return _CUT_OFF
        if self._can_resume(upload.batch_id):
            how = how_to_resume(upload.batch_id)
            return f"the console was stopped before all rows were sent; {how}"
        return _NOT_STARTED

    def _remove_file(self, batch_id: str) -> None:
        for path in (self._part(batch_id), self.path(batch_id)):
            path.unlink(missing_ok=True)

    def _lock(self, batch_id: str) -> bool:
        """Lock an upload for this console; return False if it is another's, or ours already."""
        if batch_id in self._locks:
            return False
        lock = self._lock_path(batch_id).open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._locks[batch_id] = lock
        return True

    def _unlock(self, batch_id: str) -> None:
        if batch_id in self._locks:
            self._lock_path(batch_id).unlink(missing_ok=True)
            self._locks.pop(batch_id).close()

    def _part(self, batch_id: str) -> Path:
        return self._folder / f"{batch_id}.part"

    def _record(self, batch_id: str) -> Path:
        return self._folder / f"{batch_id}.json"

    def _lock_path(self, batch_id: str) -> Path:
        return self._folder / f"{batch_id}.lock"


def write_chunk(file: FileIO, chunk: bytes) -> None:
    """Write a part of a file; raises `UserError` if the disk is full."""
    with _writing(Path(str(file.name)).parent):
        rest = memoryview(chunk)
        while rest:
            rest = rest[file.write(rest) :]


def _exists(batch_id: str) -> str:
    return f"batch {batch_id} exists already"


def _modified(path: Path) -> float:
    return path.stat().st_mtime


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Convert a full disk or a missing permission to a `UserError`."""
    try:
        yield
    except OSError as error:
        msg = f"cannot store the file in {folder}: {error.strerror}"
        raise UserError(msg) from error
