from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.push.checkpoint import Checkpoint
from stream_ingest.push.chunks import Chunk
from stream_ingest.push.planning import chosen_of
from tests.stream_ingest.push.test_checkpoint import CHUNK, plan

SENT = "creator_name,cover_url,created_at\nann,https://e.com/1.jpg,2026-11-01\n"
FILE_CHUNK = msgspec.structs.replace(CHUNK, cursor=(len(SENT), 2))


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "covers.csv"
    path.write_text(SENT + 'ann,"https://e.com/2.jpg,2026-11-01\n')
    return path


def resumed(file: Path, chunk: Chunk | None) -> tuple[Checkpoint, Chunk | None]:
    """Return the checkpoint of a push of the file that was stopped after a chunk."""
    status = file.stat()
    stamp = (status.st_size, status.st_mtime_ns)
    own = msgspec.structs.replace(plan(), place=None, csv=str(file), csv_stamp=stamp)
    with Checkpoint.start(own) as checkpoint:
        checkpoint.write(chunk)
    checkpoint, last_chunk = Checkpoint.resume("b1")
    checkpoint.close()
    return checkpoint, last_chunk


def test_a_file_that_was_mended_after_what_was_sent_is_continued(file: Path) -> None:
    checkpoint, chunk = resumed(file, FILE_CHUNK)
    file.write_text(SENT + "ann,https://e.com/2.jpg,2026-11-01\n")
    assert chosen_of(checkpoint, chunk, None, None).csv == file


def test_a_file_that_has_changed_in_what_was_sent_says_what_to_do(file: Path) -> None:
    checkpoint, chunk = resumed(file, FILE_CHUNK)
    file.write_text(SENT.replace("1.jpg", "3.jpg"))
    with pytest.raises(UserError, match=r"not only after line 2, up to which it was sent: restore"):
        chosen_of(checkpoint, chunk, None, None)
    file.unlink()
    with pytest.raises(UserError, match="cannot read"):
        chosen_of(checkpoint, chunk, None, None)


@pytest.mark.parametrize("chunk", [None, msgspec.structs.replace(FILE_CHUNK, ends=True)])
def test_a_file_of_which_nothing_or_everything_was_sent_may_change(
    file: Path, chunk: Chunk | None
) -> None:
    checkpoint, last_chunk = resumed(file, chunk)
    file.write_text("something else")
    assert chosen_of(checkpoint, last_chunk, None, None).csv == file
