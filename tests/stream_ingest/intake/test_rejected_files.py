"""Files that cannot be read, or of which no row can be used: rejected, with the reason."""

from __future__ import annotations

import contextlib
import json
import re

import msgspec
import pytest

from stream_ingest.intake.archive import archive_key
from stream_ingest.intake.job_runner import JobOutcome
from stream_ingest.intake.jobs import Job
from stream_ingest.windowing.sweeper.sweep import Sweep
from tests.fakes.ingest.aws import OUTPUT
from tests.fakes.intake_aws import (
    HEADER,
    INPUT,
    SLICE_S,
    IntakeAws,
    Interrupted,
    KilledError,
    csv_of,
)

KEY = "csv-files/covers.csv"


def archived(intake: IntakeAws, job: Job) -> str:
    return archive_key(job, int(intake.clock()), failed=True)


@pytest.mark.parametrize(
    ("data", "reason", "read", "refused"),
    [
        (b"a,b\n1,2\n", "line 1: the file has no column creator_name", 0, {}),
        (b"", "line 1: the file has no column .* its header is empty", 0, {}),
        (b"PAR1" * 9, "this is a Parquet file, not CSV: export its rows as CSV", 0, {}),
        (f"{HEADER}\n".encode(), "the file has a header, but no rows", 0, {}),
        (
            f"{HEADER}\nann,junk,2026-11-01\nben,,2026-11-01\n".encode(),
            r"none of its 2 rows can be used \(1 bad_json, 1 no_url\)",
            2,
            {"bad_json": 1, "no_url": 1},
        ),
        (
            f"{HEADER}\nann,-,-\n".encode(),
            r"its only row cannot be used \(no_url\)",
            1,
            {"no_url": 1},
        ),
        (f'{HEADER}\nann,"u,2026\nben,u,w\n'.encode(), "line 2: a quote is opened", 0, {}),
    ],
)
def test_a_file_of_which_no_row_can_be_used_is_rejected(
    intake: IntakeAws, data: bytes, reason: str, read: int, refused: dict[str, int]
) -> None:
    job = intake.job(data)
    assert intake.run(job) is JobOutcome.REJECTED
    batch = intake.aws.registry.load(job.batch_id)
    assert batch is not None
    assert (batch.status, batch.rows_read, batch.rows_sent) == ("rejecting", read, 0)
    assert batch.refused == refused
    assert re.match(reason, batch.rejected or "")
    assert intake.records() == []
    assert len(intake.files()) == 2, "the file and its report"
    report = json.loads(intake.aws.read(INPUT, f"{archived(intake, job)}.errors.json"))
    assert (report["rows_read"], report["refused"]) == (read, refused)
    assert report["reason"] in (batch.rejected or "")
    sweep = intake.aws.sweeper().sweep()
    assert (sweep.batches_rejected, sweep.refused) == ((job.batch_id,), refused)
    (event,) = intake.aws.bus.details("BatchCompleted")
    assert event["rejected"] == batch.rejected
    (told,) = intake.aws.bus.details("FileRejected")
    line = re.match(r"line (\d+):", batch.rejected or "")
    assert (told["file"], told["reason"]) == (job.object.uri, batch.rejected)
    assert (told["line"], told["refused"]) == (int(line[1]) if line else 0, refused)
    assert report["batch_id"] == told["batch_id"] == job.batch_id
    summary = json.loads(intake.aws.read(OUTPUT, event["summary_key"]))
    assert summary["rejected"] == batch.rejected
    progress = intake.aws.registry.progress(job.batch_id)
    assert progress is not None
    assert (progress.status, progress.ended, progress.rows_accepted) == ("rejected", True, 0)
    assert intake.aws.sweeper().sweep() == Sweep()
    assert intake.run(job, "another message") is JobOutcome.NOT_NEEDED


def test_a_requested_file_is_rejected_too_and_stays(intake: IntakeAws) -> None:
    job = msgspec.structs.replace(intake.job(b"a,b\n"), moves=False)
    assert intake.run(job) is JobOutcome.REJECTED
    assert KEY in intake.files()
    message = {"s3_bucket": INPUT, "s3_key": KEY, "batch_id": "b1"}
    answer = intake.invoke(message)
    assert (answer["batch_id"], answer["status"]) == ("b1", "rejected")
    assert answer["error"].startswith("line 1: the file has no column creator_name")


def test_a_rejection_that_was_interrupted_at_any_call_is_finished(intake: IntakeAws) -> None:
    data = f"{HEADER}\nann,junk,2026-11-01\n".encode()
    for number in range(1, 9):
        job = intake.job(data, f"csv-files/covers-{number}.csv")
        left = iter([False] * number)
        s3 = Interrupted(intake.s3, lambda left=left: next(left, True))
        with contextlib.suppress(KilledError):
            now = intake.clock()
            intake.runner(s3=s3).run(job, "m", pause_at=now + SLICE_S, ends_at=now + SLICE_S)
        intake.clock.advance(SLICE_S + 60)
        assert intake.run(job) in {JobOutcome.REJECTED, JobOutcome.NOT_NEEDED}
        batch = intake.aws.registry.load(job.batch_id)
        assert batch is not None
        assert (batch.status, batch.rows_read) == ("rejecting", 1)
        files = [key for key in intake.files() if f"covers-{number}.csv" in key]
        assert [key.split("/")[1] for key in files] == ["failed"] * 2


def test_remarks_and_the_place_where_reading_ended_are_notes_of_the_batch(
    intake: IntakeAws,
) -> None:
    data = csv_of(3) + "josé,https://e.com/x,2026-11-01\n".encode("cp1252") + b'ann,"u,w\nx,y,z\n'
    job = intake.job(data)
    assert intake.run(job) is JobOutcome.UNREADABLE
    batch = intake.aws.registry.load(job.batch_id)
    assert batch is not None
    assert (batch.status, batch.rows_sent) == ("sent", 4)
    assert batch.notes == (
        "the file is not UTF-8; it was read as Windows-1252",
        "line 6: a quote is opened and never closed",
    )


@pytest.mark.parametrize("storage", ["GLACIER", "DEEP_ARCHIVE"])
@pytest.mark.parametrize("moves", [False, True])
def test_an_archived_file_is_rejected_with_how_to_restore_it(
    intake: IntakeAws, storage: str, *, moves: bool
) -> None:
    """S3 refuses to read it, and to copy it: it stays where it is."""
    data = csv_of(3)
    job = msgspec.structs.replace(intake.job(data), moves=moves)
    intake.s3.put_object(Bucket=INPUT, Key=KEY, Body=data, StorageClass=storage)
    assert intake.run(job) is JobOutcome.REJECTED
    batch = intake.aws.registry.load(job.batch_id)
    assert batch is not None
    assert f"the object is archived ({storage}): restore it (aws s3api restore-object)" in str(
        batch.rejected
    )
    assert KEY in intake.files()
