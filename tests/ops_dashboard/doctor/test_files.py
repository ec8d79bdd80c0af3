from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ops_dashboard.doctor.deployed import Aws, Deployed
from ops_dashboard.doctor.files import check_files
from ops_dashboard.doctor.findings import Finding, State
from stream_ingest.aws.items import to_wire
from stream_ingest.batches import batch_item
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second
from stream_ingest.intake.job_item import new_item
from stream_ingest.intake.jobs import Job, job_of
from stream_ingest.intake.uploads import Upload
from tests.fakes.ops.healthy_stack import OUTPUTS, PARTS, WELL, Session

NOW = 1_794_000_000
HOUR, DAY = 3_600, 86_400
KEY = "csv-files/covers.csv"
Item = dict[str, Any]


def version(age_s: int, key: str = KEY) -> dict[str, Any]:
    modified = datetime.fromtimestamp(NOW - age_s, UTC)
    return {"Key": key, "ETag": '"e"', "VersionId": "v1", "LastModified": modified}


def job_for(age_s: int) -> Job:
    upload = Upload(bucket="input", key=KEY, etag="e", version="v1", uploaded_at=NOW - age_s)
    job = job_of(upload, is_own=True)
    assert job is not None
    return job


def job_item(age_s: int, **changes: object) -> Item:
    """Return the item of a job that was released `age_s` ago, when it also began."""
    return {**new_item(job_for(age_s), "message", 0, NOW - age_s), **changes}


def batch_of(age_s: int, **changes: object) -> Item:
    """Return the item of a batch that was written `age_s` ago."""
    job = job_for(age_s)
    item = batch_item.new_item(job.header, job.object.uri, (), job.owner, NOW - 3 * DAY)
    return {**item, "updated_at": iso_second(from_epoch_s(NOW - age_s)), **changes}


def examined(  # noqa: PLR0913 - what a stack may hold
    *,
    files: list[dict[str, Any]] | None = None,
    markers: list[dict[str, Any]] | None = None,
    job: Item | None = None,
    batch: Item | None = None,
    oldest_s: float = 0,
    is_cut: bool = False,
) -> Finding:
    page = {"Versions": files or [], "DeleteMarkers": markers or [], "IsTruncated": is_cut}
    answers = {service: dict(calls) for service, calls in WELL.items()}
    answers["s3"]["list_object_versions"] = page
    answers["dynamodb"]["batch_get_item"] = {"Responses": {"gone": [to_wire(job)] if job else []}}
    answers["dynamodb"]["query"] = {"Items": [to_wire(batch)] if batch else []}
    answers["dynamodb"]["get_item"] = {"Item": to_wire(batch)} if batch else {}
    answers["cloudwatch"]["get_metric_data"] = {
        "MetricDataResults": [{"Id": "age", "Values": [oldest_s] if oldest_s else []}]
    }
    session: Any = Session(answers, endpoint="http://127.0.0.1:1")
    return check_files(Deployed(aws=Aws(session), outputs=OUTPUTS, parts=PARTS), lambda: NOW)


@pytest.mark.parametrize(
    "found",
    [
        examined(),
        examined(files=[version(HOUR)]),
        examined(files=[version(3 * HOUR, "csv-files/~$covers.csv")]),
        examined(
            files=[version(3 * HOUR)],
            markers=[{"Key": KEY, "LastModified": version(HOUR)["LastModified"]}],
        ),
        examined(files=[version(30 * DAY)], job=job_item(30 * DAY, phase="ended")),
        examined(files=[version(3 * HOUR)], job=job_item(3 * HOUR, held_until=NOW + 60)),
        examined(files=[version(3 * HOUR)], job=job_item(HOUR)),
        examined(files=[version(3 * HOUR)], job=job_item(3 * HOUR), batch=batch_of(HOUR)),
        examined(job=job_item(3 * HOUR), batch=batch_of(3 * HOUR, status="abandoned")),
        examined(oldest_s=50 * 60),
    ],
    ids=[
        "nothing",
        "young",
        "a program's file",
        "deleted",
        "read long ago",
        "being read",
        "begun within two hours",
        "read on within two hours",
        "abandoned",
        "a message that waits",
    ],
)
def test_what_is_read_or_will_be_is_no_problem(found: Finding) -> None:
    assert (found.state, found.do) == (State.OK, None), found


def test_a_file_that_no_search_has_found_is_lost_until_somebody_submits_it() -> None:
    found = examined(files=[version(3 * HOUR), version(3 * HOUR, "csv-files/b.csv")])
    assert found.state is State.WRONG
    assert found.found == (
        "no job knows 2 files, although the sweeper should have found them:"
        " csv-files/covers.csv, csv-files/b.csv"
    )
    assert found.do == (
        "see the sweeper's errors; until they are gone: stream-ingest submit"
        " s3://input/csv-files/covers.csv, then remove the file"
    )


def test_a_file_that_the_sweeper_starts_no_more_is_noted() -> None:
    found = examined(files=[version(8 * DAY)])
    assert found.state is State.NOTE
    assert found.found == (
        "1 file older than 7 days, which the sweeper does not start any more, and no job knows:"
        " csv-files/covers.csv"
    )
    assert str(found.do).startswith("read what is wanted and remove the rest: stream-ingest submit")


def test_a_dropped_file_whose_job_never_began_stands_still() -> None:
    """The sweeper has created its item and sent its event, which nobody received."""
    found = examined(files=[version(3 * HOUR)], job=job_item(3 * HOUR, holder=""))
    assert found.state is State.WRONG
    assert "jobs stand still: csv-covers-" in found.found
    assert "(s3://input/csv-files/covers.csv) since 2026-" in found.found
    assert "dlq list" in str(found.do)
    assert "abandon" in str(found.do)


def test_a_request_without_a_continuation_stands_still_where_its_last_chunk_ended() -> None:
    """Its file lies anywhere, so its batch is what is found."""
    item = job_item(3 * DAY, chunks=2, line=4_001)
    found = examined(job=item, batch=batch_of(3 * HOUR))
    assert found.state is State.WRONG
    at = iso_second(from_epoch_s(NOW - 3 * HOUR))
    assert f"after line 4,001 since {at}" in found.found


def test_a_continuation_that_may_wait_in_the_queue_is_waited_for() -> None:
    """Its message is at most as old as the oldest one."""
    found = examined(job=job_item(3 * HOUR), batch=batch_of(3 * HOUR), oldest_s=2 * HOUR)
    assert found.state is State.NOTE
    assert found.found == "a file or request has waited for the intake for 120 minutes"
    found = examined(job=job_item(6 * HOUR), batch=batch_of(6 * HOUR), oldest_s=2 * HOUR)
    assert found.state is State.WRONG


def test_many_files_are_counted_and_some_are_named() -> None:
    found = examined(files=[version(3 * HOUR, f"csv-files/{n}.csv") for n in range(5)])
    assert found.found.endswith(": csv-files/0.csv, csv-files/1.csv, csv-files/2.csv and 2 more")


def test_a_folder_that_is_too_large_is_read_in_part_and_says_so() -> None:
    item = job_item(3 * HOUR, phase="ended")
    found = examined(files=[version(3 * HOUR)], job=item, is_cut=True)
    assert found.found.startswith("the first 1 below csv-files/ are known")
