"""A batch id belongs to one file or request of the intake, however often that arrives."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.intake.job_runner import JobOutcome
from stream_ingest.intake.job_store import JobClaimedError, JobHeldError, JobStore
from tests.fakes.ingest.aws import TABLE, TEMP
from tests.fakes.ingest.kinesis import FakeKinesis, refuse_all
from tests.fakes.intake_aws import IntakeAws, csv_of

KEY = "csv-files/covers.csv"


def test_a_batch_id_that_somebody_else_has_is_an_error(intake: IntakeAws) -> None:
    job = intake.job(csv_of(5))
    intake.aws.registry.register(job.header, "/data/of-a-push.csv", owner="a push")
    with pytest.raises(UserError, match=r"exists already, from /data/of-a-push\.csv"):
        intake.run(job)
    assert intake.kinesis.stored == []


def test_a_registration_whose_answer_was_lost_is_ones_own(intake: IntakeAws) -> None:
    job = intake.job(csv_of(5))
    intake.aws.registry.register(job.header, job.object.uri, owner=job.owner)
    assert intake.run(job) is JobOutcome.DONE


def test_a_job_that_an_earlier_version_has_registered_continues(intake: IntakeAws) -> None:
    job = intake.job(csv_of(5))
    intake.aws.registry.register(job.header, job.object.uri)
    assert intake.run(job) is JobOutcome.DONE


def test_another_request_of_the_same_id_is_refused_in_words(intake: IntakeAws) -> None:
    """It was consumed without a word: both may have looked before either had begun."""
    first = intake.job(csv_of(5))
    assert intake.run(first, "m1") is JobOutcome.DONE
    other = msgspec.structs.replace(first, requested="another request")
    with pytest.raises(UserError, match=r"is another batch already, from s3://"):
        intake.run(other, "m2")
    assert intake.run(first, "m3") is JobOutcome.NOT_NEEDED, "the same request is known"


def test_a_job_whose_batch_was_abandoned_sends_nothing_and_is_done(intake: IntakeAws) -> None:
    job = intake.job(csv_of(5))
    intake.aws.registry.register(job.header, job.object.uri, owner=job.owner)
    intake.aws.registry.abandon(job.batch_id, "ann")
    assert intake.run(job) is JobOutcome.ABANDONED
    assert intake.run(job, "again") is JobOutcome.NOT_NEEDED
    assert intake.kinesis.stored == []
    assert intake.files() == [KEY]


def test_a_job_whose_last_chunk_has_expired_says_what_to_do(intake: IntakeAws) -> None:
    """The temp bucket stores chunks for a week; a dead letter may be redriven later."""
    job = intake.job(csv_of(50))
    intake.kinesis = FakeKinesis(*[refuse_all()] * 500)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stream_ingest.push.producer._FIRST_BACKOFF_S", 0)
        assert intake.run(job, "m1") is JobOutcome.BLOCKED
    for key in intake.aws.keys_in(TEMP):
        intake.s3.delete_object(Bucket=TEMP, Key=key)
    intake.kinesis = FakeKinesis()
    with pytest.raises(UserError, match=r"has expired; end it \(stream-ingest abandon csv-covers-"):
        intake.run(job, "m2")
    assert intake.kinesis.stored == []


class Repeating:
    """A DynamoDB client of which the SDK repeats each write, because its first answer is lost."""

    def __init__(self, dynamodb: Any) -> None:  # noqa: ANN401 - a boto3 client
        self._dynamodb = dynamodb

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as boto3
        operation = getattr(self._dynamodb, name)

        def twice(**request: object) -> Any:  # noqa: ANN401 - as boto3
            operation(**request)
            return operation(**request)

        return twice if name in {"put_item", "update_item"} else operation


def test_a_claim_whose_answer_was_lost_is_ones_own(intake: IntakeAws) -> None:
    """It was taken for that of an earlier receipt, at every receipt until the last one."""
    job = intake.job(csv_of(5))
    store = JobStore(Repeating(intake.aws.dynamodb), TABLE, intake.s3, TEMP, intake.clock)  # type: ignore[arg-type]
    now_s = int(intake.clock())
    assert store.claim(job, "m1", now_s + 60).job == job
    with pytest.raises(JobHeldError) as held:
        store.claim(job, "m1", now_s + 61)
    assert held.value.until_s == now_s + 60
    with pytest.raises(JobClaimedError):
        store.claim(job, "m2", now_s + 61)
    store.release(job.batch_id, "m1")
    assert store.claim(job, "m2", now_s + 70).job == job, "the condition of the update fails, too"
