"""Files whose event never came are started by the sweeper, each upload once."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest

from stream_ingest.batches.batch_item import BATCH_LIFE_S
from stream_ingest.intake.job_runner import JobOutcome
from stream_ingest.intake.unread import unread_files
from stream_ingest.intake.unread.unread_files import (
    EVERY_S,
    MAX_AGE_S,
    MIN_AGE_S,
)
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import object_id
from tests.fakes.intake_aws import (
    INPUT,
    IntakeAws,
    Interrupted,
    KilledError,
    csv_of,
)
from tests.fakes.unread_files import batches, event_of, received, run_all, unread

KEY = "csv-files/covers.csv"


def test_a_file_without_an_event_is_started_when_it_is_old_enough(intake: IntakeAws) -> None:
    intake.drop(KEY, csv_of(20))
    assert unread(intake).start() == ()
    intake.clock.advance(MIN_AGE_S + 1)
    (batch_id,) = unread(intake).start()
    assert batch_id.startswith("csv-covers-")
    run_all(intake)
    assert batches(intake) == [batch_id]
    assert sorted(intake.folded()[batch_id]) == [object_id(number) for number in range(20)]
    assert [key.split("/")[1] for key in intake.files()] == ["processed"]
    intake.clock.advance(EVERY_S + 1)
    assert unread(intake).start() == ()


@pytest.mark.parametrize("is_versioned", [True, False])
@pytest.mark.parametrize("says_version", [True, False])
@pytest.mark.parametrize("first", ["event", "sweep"])
def test_an_event_and_a_sweep_make_one_job(
    intake: IntakeAws, first: str, *, says_version: bool, is_versioned: bool
) -> None:
    """The embedded AWS names no version in its events, and there may be none."""
    if not is_versioned:
        intake.s3.put_bucket_versioning(
            Bucket=INPUT, VersioningConfiguration={"Status": "Suspended"}
        )
    detail = intake.drop(KEY, csv_of(20))
    if not says_version:
        detail["object"].pop("version-id", None)
    intake.clock.advance(MIN_AGE_S + 1)
    if first == "event":
        assert intake.handle(event_of(detail), slice_s=0)  # it is only begun
        assert unread(intake).start() == ()
    else:
        assert len(unread(intake).start()) == 1
        assert intake.handle(event_of(detail))
    run_all(intake)
    (batch_id,) = batches(intake)
    assert sorted(intake.folded()[batch_id]) == [object_id(number) for number in range(20)]


def test_each_version_of_a_replaced_file_is_a_job_and_a_deleted_file_is_none(
    intake: IntakeAws,
) -> None:
    for data in (csv_of(3), csv_of(5)):
        intake.drop(KEY, data)
    intake.drop("csv-files/gone.csv", csv_of(7))
    intake.s3.delete_object(Bucket=INPUT, Key="csv-files/gone.csv")
    intake.clock.advance(MIN_AGE_S + 1)
    assert len(unread(intake).start()) == 2
    run_all(intake)
    assert sorted(len(images) for images in intake.folded().values()) == [3, 5]


@pytest.mark.parametrize(
    "key",
    [
        "csv-files/team/.covers.csv.swp",
        "csv-files/covers.csv.errors.json",
        "manual-uploads/a.csv",
        "archived/failed/2026/11/28/b/covers.csv",
        "csv-files/",
    ],
)
def test_what_no_event_starts_is_not_started(intake: IntakeAws, key: str) -> None:
    intake.drop(key, csv_of(3))
    intake.clock.advance(MIN_AGE_S + 1)
    assert unread(intake).start() == ()


def test_a_file_is_not_started_again_however_its_job_ended(intake: IntakeAws) -> None:
    """An abandoned file stays where it is; also when its job's item has expired."""
    job = intake.job(csv_of(300))
    intake.run(job, slice_s=0)
    intake.aws.registry.abandon(job.batch_id, "me")
    intake.clock.advance(3_600)
    assert intake.run(job, "m2") is JobOutcome.ABANDONED
    assert intake.files() == [KEY]
    assert unread(intake).start() == ()
    for item in intake.aws.snapshot():
        if item["creator_name"]["S"].startswith("batch#"):
            intake.aws.dynamodb.delete_item(
                TableName=TABLE, Key={name: item[name] for name in ("creator_name", "item")}
            )
    intake.clock.advance(MAX_AGE_S)
    assert unread(intake).start() == ()
    assert MAX_AGE_S < BATCH_LIFE_S


class Paged:
    """S3 with small pages."""

    def __init__(self, s3: Any) -> None:  # noqa: ANN401 - boto3's
        self._s3, self.pages = s3, 0

    def list_object_versions(self, **request: Any) -> Any:  # noqa: ANN401 - boto3's
        self.pages += 1
        return self._s3.list_object_versions(**request, MaxKeys=2)


def test_a_large_folder_is_searched_over_several_sweeps(
    intake: IntakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unread_files, "MAX_PAGES", 2)
    for number in range(11):
        intake.drop(f"csv-files/{number:02}.csv", csv_of(1))
    intake.clock.advance(MIN_AGE_S + 1)
    s3 = Paged(intake.s3)
    started = [len(unread(intake, s3=s3).start()) for _ in range(4)]
    assert started == [4, 4, 3, 0]
    assert s3.pages == 6
    assert len(received(intake)) == 11


def test_the_next_search_waits_an_hour_or_until_a_young_file_is_old_enough(
    intake: IntakeAws,
) -> None:
    s3 = Paged(intake.s3)
    search = unread(intake, s3=s3)
    search.start()
    intake.clock.advance(EVERY_S - 2)
    search.start()
    assert s3.pages == 1
    intake.drop(KEY, csv_of(3))
    intake.clock.advance(time.time() - intake.clock())  # now the file is new
    intake.aws.set_item("table#", "files", next_at=int(intake.clock()))
    assert search.start() == ()
    intake.clock.advance(MIN_AGE_S - 60)
    assert search.start() == ()
    assert s3.pages == 2
    intake.clock.advance(61)
    assert len(search.start()) == 1


@pytest.mark.parametrize(
    "position", [{"bucket": "another"}, {"bucket": 7}, {"bucket": INPUT, "next_at": "soon"}]
)
def test_another_bucket_or_an_unreadable_position_is_searched_at_once(
    intake: IntakeAws, position: dict[str, Any]
) -> None:
    later = {"next_at": int(intake.clock()) + 9_999}
    intake.aws.set_item("table#", "files", **(later | position))
    s3 = Paged(intake.s3)
    unread(intake, s3=s3).start()
    assert s3.pages == 1


def test_a_sweep_that_is_killed_at_any_call_starts_each_file_once(intake: IntakeAws) -> None:
    for number in range(40):
        key = f"csv-files/covers-{number}.csv"
        intake.drop(key, csv_of(3))
        intake.clock.advance(MIN_AGE_S + 1)
        intake.aws.set_item("table#", "files", bucket=INPUT, next_at=0)
        left = iter([False] * number)
        clients = {
            name: Interrupted(client, lambda left=left: next(left, True))
            for name, client in (
                ("s3", intake.s3),
                ("sqs", intake.sqs),
                ("dynamodb", intake.aws.dynamodb),
            )
        }
        with contextlib.suppress(KilledError):
            unread(intake, **clients).start()
            break
        intake.aws.set_item("table#", "files", bucket=INPUT, next_at=0)
        unread(intake).start()
        run_all(intake)
        assert not [each for each in intake.files() if each.startswith("csv-files/")]
    else:
        pytest.fail("it was never whole")
    assert len(batches(intake)) == len(intake.folded()) == number


def test_the_message_is_s3s_event(intake: IntakeAws) -> None:
    intake.drop(KEY, csv_of(3))
    intake.clock.advance(MIN_AGE_S + 1)
    unread(intake).start()
    (body,) = received(intake)
    event = json.loads(body)
    head = intake.s3.head_object(Bucket=INPUT, Key=KEY)
    assert event["detail-type"] == "Object Created"
    assert event["time"] == f"{head['LastModified']:%Y-%m-%dT%H:%M:%SZ}"
    assert event["detail"]["object"]["version-id"] == head["VersionId"]


def test_a_search_that_fails_is_an_error_of_its_own_and_the_sweep_does_all_else(
    intake: IntakeAws,
) -> None:
    app = intake.aws.sweeper_app(unread(intake, s3=None).start)
    sweep = app.sweeper.sweep()
    assert [type(error) for error in sweep.errors] == [AttributeError]
    intake.drop(KEY, csv_of(3))
    intake.clock.advance(MIN_AGE_S + 1)
    app = intake.aws.sweeper_app(unread(intake).start)
    sweep = app.sweeper.sweep()
    assert (len(sweep.files_started), sweep.errors) == (1, ())
