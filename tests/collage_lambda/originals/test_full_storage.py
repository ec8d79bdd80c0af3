"""A /tmp that is full; `/dev/full` takes no byte, as such a file system."""

from __future__ import annotations

import errno
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec
import pytest

from collage_lambda.originals import image_pack
from collage_lambda.originals.image_pack import PackWriter, StorageFullError, spool
from collage_lambda.outcomes import Ending
from stream_ingest.contracts.errors import TransientError
from tests.fakes.collage.worker_bench import WorkerBench


class Index(msgspec.Struct):
    """Any index."""


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Have every temporary file in /tmp, which is full until the returned function is called."""
    monkeypatch.setattr(image_pack, "_IN_MEMORY_BYTES", 1)

    def open_full(**_: object) -> IO[bytes]:
        return Path("/dev/full").open("w+b")

    monkeypatch.setattr(tempfile, "TemporaryFile", open_full)
    return monkeypatch.undo


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("size", [2, 100_000], ids=["buffered", "written at once"])
def test_a_file_for_which_there_is_no_space_says_so_and_can_be_dropped(size: int) -> None:
    file = spool()

    def fill() -> None:
        file.write(bytes(size))
        file.seek(0)

    with pytest.raises(StorageFullError, match="storage"):
        fill()
    with pytest.raises(StorageFullError):
        file.write(b"more")
    file.close()
    assert file.closed


def test_there_may_be_no_space_for_the_last_bytes_of_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A zip file flushes when it is complete."""

    class Filling(io.BytesIO):
        def flush(self) -> None:
            raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(image_pack, "_IN_MEMORY_BYTES", 1)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: Filling())
    file = spool()
    file.write(bytes(2))
    with pytest.raises(StorageFullError, match="storage"):
        file.flush()
    file.close()


@pytest.mark.usefixtures("full")
def test_a_pack_for_which_there_is_no_space_is_a_transient_error() -> None:
    def fill() -> None:
        with PackWriter() as pack:
            pack.add("0000", bytes(100_000))
            pack.seal(Index())

    with pytest.raises(TransientError, match="storage"):
        fill()


def test_another_error_of_a_file_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: object) -> None:
        raise PermissionError(13, "not permitted")

    monkeypatch.setattr(tempfile, "TemporaryFile", fails)
    monkeypatch.setattr(image_pack, "_IN_MEMORY_BYTES", 1)
    with spool() as file, pytest.raises(PermissionError):
        file.write(b"abc")


def test_a_window_whose_originals_do_not_fit_is_given_back_and_built_when_they_do(
    bench: WorkerBench, full: Callable[[], None]
) -> None:
    event = bench.event("body/0", "body/1")
    with pytest.raises(StorageFullError, match="storage"):
        bench.work(event)
    full()
    assert bench.work(event, owner="another").ending is Ending.CREATED
    assert bench.metadata(event)["images_ok"] == 2
