from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.push.checkpoint import (
    Checkpoint,
    Chunk,
    PushPlan,
    latest_unfinished,
    unfinished,
)
from stream_ingest.records.codec import BUCKETS
from stream_ingest.records.packer import OutgoingRecord
from tests.fakes.ingest.rows import header

CHUNK = Chunk(
    records=(OutgoingRecord(bucket=3, number=7, data=b"\x01\xff\x00", rows=2),),
    numbers=tuple(range(BUCKETS)),
    cursor=("2026-11-01 00:00:00.000001", 7, b"\xff"),
    totals=Totals(rows_read=5, rows_sent=2, refused={"expired": 3}),
    refused_parts=1,
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "coverstream" / "push"


def plan(batch_id: str = "b1") -> PushPlan:
    return PushPlan(
        header=header(batch_id, flush=FlushPolicy(kind="batch-end")),
        stack="dev",
        place="h:3306/db",
        table="videos_links",
        csv=None,
        csv_stamp=None,
        columns="cover=c",
        creators=("ann",),
        since="2026-11-01T00:00:00+00:00",
        until=None,
        ends_at="2026-11-21T00:00:00+00:00",
    )


def kill(checkpoint: Checkpoint) -> None:
    """End as a killed process does: the lock goes, the file stays."""
    with checkpoint:
        pass


def taken_up(batch_id: str = "b1") -> tuple[PushPlan, Chunk | None]:
    """Return what a resumed push finds, and let go of it."""
    checkpoint, chunk = Checkpoint.resume(batch_id)
    kill(checkpoint)
    return checkpoint.plan, chunk


def test_a_killed_push_continues_where_it_stopped() -> None:
    checkpoint = Checkpoint.start(plan())
    checkpoint.write(CHUNK)
    kill(checkpoint)
    assert taken_up() == (plan(), CHUNK)


@pytest.mark.parametrize(
    ("changes", "source"),
    [
        ({}, "mysql://h:3306/db/videos_links"),
        ({"place": None, "csv": "/data/covers.csv"}, "/data/covers.csv"),
        (
            {"place": None, "csv": "/state/uploads/b1.csv", "uploaded_as": "covers.csv"},
            "upload:covers.csv",
        ),
    ],
)
def test_a_plan_names_its_source_without_user_and_password(
    changes: dict[str, str | None], source: str
) -> None:
    assert msgspec.structs.replace(plan(), **changes).source == source


def test_a_push_killed_before_its_first_chunk_starts_over() -> None:
    kill(Checkpoint.start(plan()))
    assert taken_up() == (plan(), None)


def test_only_the_last_chunk_is_kept(folder: Path) -> None:
    checkpoint = Checkpoint.start(plan())
    for number in range(3):
        checkpoint.write(msgspec.structs.replace(CHUNK, refused_parts=number))
    kill(checkpoint)
    _, chunk = taken_up()
    assert chunk is not None
    assert chunk.refused_parts == 2
    assert sorted(path.name for path in folder.iterdir()) == ["b1.lock", "b1.push"]


def test_a_push_that_succeeded_leaves_no_checkpoint(folder: Path) -> None:
    checkpoint = Checkpoint.start(plan())
    checkpoint.write(CHUNK)
    checkpoint.finish()
    assert list(folder.iterdir()) == []
    with pytest.raises(UserError, match="no push of batch 'b1' to resume; unfinished: none"):
        Checkpoint.resume("b1")


def test_a_batch_is_not_started_twice() -> None:
    kill(Checkpoint.start(plan()))
    with pytest.raises(UserError, match="push --resume --batch-id b1"):
        Checkpoint.start(plan())
    assert taken_up() == (plan(), None)


def test_two_processes_do_not_push_one_batch() -> None:
    """Their records would have the same numbers and other rows: the fold would drop them."""
    running = Checkpoint.start(plan())
    for attempt in (lambda: Checkpoint.start(plan()), lambda: Checkpoint.resume("b1")):
        with pytest.raises(UserError, match="being pushed by another process"):
            attempt()
    running.finish()


def test_the_latest_push_is_resumed_first(folder: Path) -> None:
    with pytest.raises(UserError, match="no push to resume"):
        latest_unfinished()
    for number, batch_id in enumerate(["b1", "b3", "b2"]):
        kill(Checkpoint.start(plan(batch_id)))
        os.utime(folder / f"{batch_id}.push", (number, number))
    assert unfinished() == ["b2", "b3", "b1"]
    assert latest_unfinished() == "b2"
    with pytest.raises(UserError, match="unfinished: b2, b3, b1"):
        Checkpoint.resume("b9")


@pytest.mark.parametrize("content", [b"", b"garbage", b"\xa1\xff", b"\x81\xa6schema\x01"])
def test_a_file_that_cannot_be_read_is_a_user_error(folder: Path, content: bytes) -> None:
    kill(Checkpoint.start(plan()))
    (folder / "b1.push").write_bytes(content)
    with pytest.raises(UserError, match="cannot be read"):
        Checkpoint.resume("b1")


def test_a_checkpoint_of_another_version_is_an_error(folder: Path) -> None:
    kill(Checkpoint.start(plan()))
    path = folder / "b1.push"
    content = msgspec.msgpack.decode(path.read_bytes()) | {"schema": 2}
    path.write_bytes(msgspec.msgpack.encode(content))
    with pytest.raises(UserError, match="written by another release"):
        Checkpoint.resume("b1")


def test_a_crash_while_writing_leaves_the_old_chunk(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = Checkpoint.start(plan())
    checkpoint.write(CHUNK)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stream_ingest.push.checkpoint.os.fsync", full)
    resume = "make room, then continue with: stream-ingest push --resume --batch-id b1"
    with pytest.raises(UserError, match=f"{folder}: No space left on device; {resume}$"):
        checkpoint.write(msgspec.structs.replace(CHUNK, refused_parts=9))
    monkeypatch.undo()
    monkeypatch.setenv("XDG_STATE_HOME", str(folder.parents[1]))
    kill(checkpoint)
    assert taken_up() == (plan(), CHUNK)


def test_a_folder_that_cannot_be_made_is_a_user_error(folder: Path) -> None:
    folder.parent.parent.mkdir(exist_ok=True)
    folder.parent.write_text("a file")
    with pytest.raises(
        UserError, match=r"cannot write the checkpoint in .*; nothing was sent; make room"
    ):
        Checkpoint.start(plan())


def test_only_the_owner_can_read_checkpoints(folder: Path) -> None:
    """They contain signed URLs; a folder of an earlier version is closed, too."""
    folder.mkdir(parents=True, mode=0o755)
    checkpoint = Checkpoint.start(plan())
    checkpoint.write(CHUNK)
    kill(checkpoint)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "b1.push").stat().st_mode & 0o777 == 0o600
