"""Files that an earlier version began are known by event and sweep."""

from __future__ import annotations

import msgspec
import pytest

from stream_ingest.batches.registry import Totals
from stream_ingest.intake.job_runner import JobOutcome
from stream_ingest.intake.jobs import Job, batch_id_of, former_batch_id
from stream_ingest.intake.unread.unread_files import MIN_AGE_S
from tests.fakes.intake_aws import IntakeAws, announced_upload, csv_of
from tests.fakes.unread_files import batches, event_of, unread

KEY = "csv-files/covers.csv"


@pytest.mark.parametrize("says_version", [True, False])
def test_a_job_of_an_earlier_version_is_known_by_event_and_sweep(
    intake: IntakeAws, *, says_version: bool
) -> None:
    """Its batch's id has a part that only S3's event has."""
    detail = intake.drop(KEY, csv_of(300))
    if not says_version:
        del detail["object"]["version-id"]
    upload = announced_upload(detail)
    former = former_batch_id(upload)
    ((job, _),) = intake.reader().orders(event_of(detail), "m1")
    assert former != job.batch_id
    older = renamed(job, former, upload.version)
    assert intake.run(older, slice_s=0) is JobOutcome.UNFINISHED
    intake.clock.advance(MIN_AGE_S + 1_000)
    assert unread(intake).start() == ()
    assert intake.handle(event_of(detail), message_id="again")
    assert batches(intake) == [former]


def renamed(job: Job, batch_id: str, version: str | None) -> Job:
    replace = msgspec.structs.replace
    return replace(
        job,
        header=replace(job.header, batch_id=batch_id),
        object=replace(job.object, version=version),
    )


def test_another_file_of_the_same_name_is_not_taken_for_a_former_job(intake: IntakeAws) -> None:
    other = batch_id_of("csv", KEY, "another hash")
    intake.registry.register(renamed(intake.job(csv_of(3)), other, None).header)
    intake.registry.record_totals(other, Totals(), sent=True)
    intake.clock.advance(MIN_AGE_S + 1)
    assert len(unread(intake).start()) == 1
