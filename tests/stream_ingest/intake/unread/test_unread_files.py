"""Files whose event never came are started by the sweeper, each upload once."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any

import pytest

from stream_ingest.batches.batch_item import BATCH_LIFE_S
from stream_ingest.batches.registry import Totals
from stream_ingest.intake.job_runner import JobOutcome
from stream_ingest.intake.jobs import Job, batch_id_of, former_batch_id
from stream_ingest.intake.unread import unread_files
from stream_ingest.intake.unread.unread_files import (
    EVERY_S,
    MAX_AGE_S,
    MIN_AGE_S,
    UnreadFiles,
)
from stream_ingest.intake.uploads import OBJECT_CREATED
from tests.fakes.iam.roles import Guarded
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import object_id
from tests.fakes.intake_aws import (
    INPUT,
    IntakeAws,
    Interrupted,
    KilledError,
    announced_upload,
    csv_of,
)

KEY = "csv-files/covers.csv"


def unread(intake: IntakeAws, **clients: Any) -> UnreadFiles:  # noqa: ANN401 - boto3's
    """Return the search of a new sweeper, with the rights of its role."""
    own = {"s3": intake.s3, "sqs": intake.sqs, "dynamodb": intake.aws.dynamodb} | clients
    guarded: dict[str, Any] = {
        name: Guarded(client, name, "sweeper") for name, client in own.items()
    }
    return UnreadFiles(
        **guarded,
        table_name=TABLE,
        bucket=INPUT,
        queue_url=intake.queue,
        defaults=intake.defaults,
        threads=intake.aws.threads,
        clock=intake.clock,
    )


@pytest.fixture(autouse=True)
def real_time(intake: IntakeAws) -> None:
    """Let the clock follow moto's, which stamps objects."""
    intake.clock.advance(time.time() - intake.clock())


def event_of(detail: dict[str, Any]) -> dict[str, Any]:
    return {"detail-type": OBJECT_CREATED, "detail": detail}


def received(intake: IntakeAws) -> list[str]:
    """Receive and delete the messages of the queue; return their bodies."""
    bodies = []
    while messages := intake.waiting(intake.queue):
        for message in messages:
            intake.sqs.delete_message(QueueUrl=intake.queue, ReceiptHandle=message["ReceiptHandle"])
            bodies.append(message["Body"])
    return bodies


def run_all(intake: IntakeAws) -> None:
    """Handle what is in the queue."""
    for number, body in enumerate(received(intake)):
        assert intake.handle(body, message_id=f"swept-{number}-{intake.clock()}")


def batches(intake: IntakeAws) -> list[str]:
    return [
        item["creator_name"]["S"].removeprefix("batch#")
        for item in intake.aws.snapshot()
        if item["item"]["S"] == "batch"
    ]


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
    replace = __import__("msgspec").structs.replace
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
