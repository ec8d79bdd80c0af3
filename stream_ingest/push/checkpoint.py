"""The progress of a push, on disk, so that a killed push can continue without loss. Edge (disk).

There is one file per batch in the user's state directory. Before a chunk of records is sent, the
file is replaced by one that contains these records, the next record numbers and the source's cursor
after them. A resumed push sends the chunk again, byte for byte (the fold recognises what it has),
and continues reading at the cursor. No password is written: a resumed push gets the URL again.
Signed URLs are, so folder and files are readable by their owner only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec
from platformdirs import user_state_path

from stream_ingest.contracts.creators import CreatorCase
from stream_ingest.contracts.errors import UserError
from stream_ingest.push.chunks import Chunk
from stream_ingest.push.file_prefix import FilePrefix
from stream_ingest.push.marks import KeyMark
from stream_ingest.records.codec import BatchHeader
from stream_ingest.sources.source import parse_table


class PushPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a push, and what was resolved from them."""

    header: BatchHeader
    stack: str
    place: str | None
    """Host, port and database, without user and password; None for a CSV file."""
    table: str
    csv: str | None
    csv_stamp: tuple[int, int] | None
    """Size and modification time (ns) of the CSV file."""
    columns: str | None
    creators: tuple[str, ...]
    since: str | None
    until: str | None
    ends_at: str
    """The end of the mark to store once this push has succeeded."""
    moves: bool | None = None
    """Whether the mark moves then; None in a plan of an earlier version, which moved it unless only
    some creators were read."""
    keys: tuple[KeyMark, ...] = ()
    """Key marks to store then."""
    late_after: int | None = None
    """The selection's fields of these names; none of them in a plan of an earlier version."""
    read_before: str | None = None
    read_key: int | None = None
    dates: str | None = None
    """The option `dates`; None in a plan of an earlier version."""
    timezone: str | None = None
    """The zone of local times; None if nobody said one."""
    with_later: bool = False
    rows_per_s: int | None = None
    uploaded_as: str | None = None
    """Name of the file of which `csv` is a temporary copy."""
    creator_case: CreatorCase | None = None
    """The stack's when the push began; None in a plan of an earlier version."""
    follow_day: str | None = None
    """The day of a batch of `stream-ingest follow`; None for a push."""
    owner: str = ""
    """Who registers the batch (`BatchRegistry.register`); empty in a plan of an earlier version."""

    @property
    def source(self) -> str:
        """Where the rows come from: name or path of the CSV file, or database and table."""
        if self.uploaded_as is not None:
            return f"upload:{self.uploaded_as}"
        return self.csv or f"mysql://{self.place}/{parse_table(self.table)[1]}"


class _Content(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema: int
    plan: PushPlan
    chunk: Chunk | None
    prefix: bytes | None = None
    """Digest of the CSV file's text before the chunk's cursor (`file_prefix`)."""
    written_at: float = 0.0
    """Epoch seconds; 0 in a file of an earlier version."""


_SCHEMA = 1
_OWN_FOLDER, _OWN_FILE = 0o700, 0o600
_BEFORE = "nothing was sent; make room, or set XDG_STATE_HOME to another folder"


class Checkpoint:
    """The file of one batch, locked while its push runs; a context manager."""

    def __init__(self, plan: PushPlan, lock: IO[bytes], path: Path) -> None:
        """Use `start` or `resume`; `lock` is the locked file."""
        self.plan, self._lock, self._path = plan, lock, path
        self._file = FilePrefix(Path(plan.csv)) if plan.csv else None
        self.prefix: bytes | None = None
        """The digest that was stored with the chunk to resume."""
        self.written_at: float = 0.0
        """When that chunk was written (epoch seconds)."""

    @classmethod
    def start(cls, plan: PushPlan) -> Checkpoint:
        """Create the file of a new batch; raises `UserError` if there is one already."""
        path = _path(plan.header.batch_id, follow=plan.follow_day is not None)
        with _writing(path, _BEFORE):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.parent.chmod(_OWN_FOLDER)
        with contextlib.ExitStack() as undo:
            checkpoint = cls(plan, undo.enter_context(_lock(path)), path)
            if path.exists():
                msg = (
                    f"batch {plan.header.batch_id!r} was started before and has not ended;"
                    f" continue with: stream-ingest push --resume --batch-id {plan.header.batch_id}"
                )
                raise UserError(msg)
            checkpoint.write(None)
            undo.pop_all()
        return checkpoint

    @classmethod
    def resume(cls, batch_id: str, *, follow: bool = False) -> tuple[Checkpoint, Chunk | None]:
        """Return the file of an unfinished batch and its last chunk; raises `UserError` if none."""
        path = _path(batch_id, follow=follow)
        if not path.exists():
            msg = f"no push of batch {batch_id!r} to resume; unfinished: {_list_ids(unfinished())}"
            raise UserError(msg)
        with contextlib.ExitStack() as undo:
            lock = undo.enter_context(_lock(path))
            content = _read(path)
            undo.pop_all()
        checkpoint = cls(content.plan, lock, path)
        checkpoint.prefix = content.prefix
        checkpoint.written_at = content.written_at or path.stat().st_mtime
        return checkpoint, content.chunk

    def __enter__(self) -> Self:
        """Return the checkpoint, which holds the lock."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release the lock, so that another process can resume the batch; the file stays."""
        self.close()

    def close(self) -> None:
        """Release the lock; the file stays."""
        self._lock.close()

    def write(self, chunk: Chunk | None) -> None:
        """Replace the file atomically: after a crash it is either the old or the new one."""
        prefix = self._file.digest(chunk.cursor) if self._file and chunk else None
        content = _Content(
            schema=_SCHEMA, plan=self.plan, chunk=chunk, prefix=prefix, written_at=time.time()
        )
        data = msgspec.msgpack.encode(content)
        fresh = self._path.with_suffix(".new")
        resume = f"stream-ingest push --resume --batch-id {self.plan.header.batch_id}"
        hint = f"make room, then continue with: {resume}" if chunk else _BEFORE
        with _writing(self._path, hint), fresh.open("wb") as file:
            fresh.chmod(_OWN_FILE)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        with _writing(self._path, hint):
            fresh.replace(self._path)

    def finish(self) -> None:
        """Delete the file: the push has succeeded, or has sent nothing."""
        self._path.unlink(missing_ok=True)
        _lock_path(self._path).unlink(missing_ok=True)
        self._lock.close()


@contextlib.contextmanager
def discarding(batch_id: str, stack: str) -> Iterator[None]:
    """Lock the checkpoint of a stack's batch, if this machine has one, and delete it at the end.

    Its copy of an uploaded file is deleted, too. Raises `UserError` if a process is pushing the
    batch. A checkpoint that cannot be read is deleted; one of another stack stays.
    """
    paths = [path for each in (False, True) if (path := _path(batch_id, follow=each)).exists()]
    with contextlib.ExitStack() as locks:
        for path in paths:
            locks.enter_context(_lock(path))
        yield
        for path in paths:
            plan = _plan(path)
            if plan is not None and plan.stack != stack:
                continue
            if plan is not None and plan.uploaded_as is not None and plan.csv:
                Path(plan.csv).unlink(missing_ok=True)
            path.unlink()
            _lock_path(path).unlink(missing_ok=True)


def unfinished(*, follow: bool = False) -> list[str]:
    """Return the ids of batches whose push, or follower, has not ended, the latest first."""
    paths = sorted(
        folder(follow=follow).glob("*.push"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    return [path.stem for path in paths]


def latest_unfinished() -> str:
    """Return the id of the latest unfinished push; raises `UserError` if there is none."""
    found = unfinished()
    if not found:
        msg = "no push to resume: every push from this machine has ended"
        raise UserError(msg)
    return found[0]


def folder(*, follow: bool = False) -> Path:
    """Return the folder of the checkpoints of pushes, or of followers."""
    return user_state_path("coverstream", appauthor=False) / ("follow" if follow else "push")


@contextlib.contextmanager
def _writing(path: Path, hint: str) -> Iterator[None]:
    """Convert a full disk or a missing permission to a `UserError` that ends with `hint`."""
    try:
        yield
    except OSError as error:
        msg = f"cannot write the checkpoint in {path.parent}: {error.strerror}; {hint}"
        raise UserError(msg) from error


def _path(batch_id: str, *, follow: bool) -> Path:
    return folder(follow=follow) / f"{batch_id}.push"


def _lock_path(path: Path) -> Path:
    return path.with_suffix(".lock")


def _lock(path: Path) -> IO[bytes]:
    with _writing(path, "make it writable and repeat the command"):
        lock = _lock_path(path).open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        msg = f"batch {path.stem!r} is being pushed by another process"
        raise UserError(msg) from error
    return lock


def _read(path: Path) -> _Content:
    try:
        content = msgspec.msgpack.decode(path.read_bytes(), type=_Content)
    except (msgspec.DecodeError, UnicodeError) as error:
        msg = (
            f"{path} cannot be read ({error}): resume with the release that wrote it, or delete it"
            " and push again under a new batch id"
        )
        raise UserError(msg) from error
    if content.schema != _SCHEMA:
        msg = (
            f"{path} was written by another release (schema {content.schema}): resume with that"
            " one, or push again under a new batch id"
        )
        raise UserError(msg)
    return content


def _plan(path: Path) -> PushPlan | None:
    try:
        return _read(path).plan
    except UserError:
        return None


def _list_ids(batch_ids: list[str]) -> str:
    return ", ".join(batch_ids[:5]) or "none"
