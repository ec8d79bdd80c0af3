from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stream_ingest.contracts.timestamps import from_epoch_s, iso_second
from stream_ingest.intake.job_runner import JobOutcome
from stream_ingest.intake.jobs import encode_continuation
from stream_ingest.intake.message_handler import NOT_YET_DELAY_S
from stream_ingest.intake.objects import SETTLED_S
from tests.fakes.ingest.kinesis import FakeKinesis, refuse_all
from tests.fakes.ingest.rows import object_id
from tests.fakes.intake_aws import INPUT, OTHER, IntakeAws, csv_of

KEY = "csv-files/covers.csv"


def announced(detail: dict[str, Any]) -> dict[str, Any]:
    return {"version": "0", "source": "aws.s3", "detail-type": "Object Created", "detail": detail}


def notified(key: str, *, bucket: str, **fields: object) -> dict[str, Any]:
    return {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": key, **fields}},
    }


def request(intake: IntakeAws, **fields: object) -> dict[str, Any]:
    key = "manual-uploads/covers.csv"
    intake.drop(key, csv_of(20))
    return {"processing_type": "csv_batch", "s3_bucket": INPUT, "s3_key": key, **fields}


def test_an_announced_file_is_taken_in(intake: IntakeAws) -> None:
    event = announced(intake.drop(KEY, csv_of(20)))
    assert intake.handle(event)
    (images,) = intake.folded().values()
    assert sorted(images) == [object_id(number) for number in range(20)]


def test_a_file_announced_twice_is_one_batch(intake: IntakeAws) -> None:
    event = announced(intake.drop(KEY, csv_of(20)))
    assert intake.handle(event, message_id="m1")
    before = list(intake.kinesis.stored)
    assert intake.handle(event, message_id="m2")
    assert intake.kinesis.stored == before


def test_what_an_invocation_leaves_is_asked_for_in_a_message_until_nothing_is_left(
    intake: IntakeAws,
) -> None:
    assert intake.handle(announced(intake.drop(KEY, csv_of(20))), slice_s=0)
    for number in range(2, 10):
        waiting = intake.waiting(intake.queue)
        if not waiting:
            break
        (message,) = waiting
        intake.sqs.delete_message(QueueUrl=intake.queue, ReceiptHandle=message["ReceiptHandle"])
        assert intake.handle(message["Body"], message_id=f"m{number}", slice_s=0)
    (images,) = intake.folded().values()
    assert sorted(images) == [object_id(number) for number in range(20)]
    assert [key.split("/")[1] for key in intake.files()] == ["processed"]


def test_a_bucket_of_others_may_notify_the_queue_and_keeps_its_files(intake: IntakeAws) -> None:
    intake.s3.create_bucket(Bucket=OTHER)
    for name in ("a b+c.csv", "second.csv", "readme.md"):
        intake.s3.put_object(Bucket=OTHER, Key=f"out/{name}", Body=csv_of(20))
    keys = ("out/a+b%2Bc.csv", "out/second.csv", "out/readme.md")
    records = [notified(key, bucket=OTHER) for key in keys]
    assert intake.handle({"Records": records})
    assert [sorted(images) for images in intake.folded().values()] == 2 * [
        [object_id(number) for number in range(20)]
    ]
    assert len(intake.aws.keys_in(OTHER)) == 3


def test_of_several_files_in_one_message_only_the_failing_one_is_a_dead_letter(
    intake: IntakeAws,
) -> None:
    intake.drop(KEY, csv_of(20))
    etag = intake.s3.head_object(Bucket=INPUT, Key=KEY)["ETag"].strip('"')
    good = notified(KEY, bucket=INPUT, eTag=etag)
    intake.s3.create_bucket(Bucket=OTHER)
    message = {"Records": [notified("gone.csv", bucket=OTHER, eTag="e"), good]}
    assert not intake.handle(message, tries=1)
    assert len(intake.folded()) == 1
    assert intake.handle(message, tries=3)
    assert "there is no object s3://tiktok-image-input/gone.csv" in reason(intake)
    assert len(intake.folded()) == 1


def test_other_objects_are_let_go(intake: IntakeAws) -> None:
    assert intake.handle(announced(intake.drop("manual-uploads/covers.csv", csv_of(5))))
    assert intake.records() == []
    assert intake.files() == ["manual-uploads/covers.csv"]


def reason(intake: IntakeAws) -> str:
    """Return why the one dead letter is one."""
    (message,) = intake.waiting(intake.dead_letters)
    attributes = message["MessageAttributes"]
    assert attributes["RETRY_ATTEMPTS"]["StringValue"] == "3"
    return str(attributes["ERROR_MESSAGE"]["StringValue"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("no json", "the message is not a JSON object"),
        ({"go_on": {}}, "go_on: Object missing required field"),
        (announced({}), "S3 event: Object missing required field `bucket`"),
        ({"s3_bucket": INPUT}, "s3_key is missing"),
        (
            {"s3_bucket": INPUT, "s3_key": "k", "processing_config": {"rows": 0}},
            "processing_config.rows 0: expected a whole number from 1 to 40",
        ),
        ({"s3_bucket": INPUT, "s3_key": "none.csv"}, "s3_key: there is no object"),
        ({"s3_bucket": "other", "s3_key": "k"}, "s3_bucket: expected 'input' or 'tiktok-image"),
    ],
    ids=["text", "go on", "event", "missing", "range", "no file", "bucket"],
)
def test_a_bad_message_is_a_dead_letter_after_three_receipts_with_the_field_at_fault(
    intake: IntakeAws, body: object, said: str
) -> None:
    assert not intake.handle(body, tries=1)
    assert not intake.handle(body, tries=2)
    assert intake.waiting(intake.dead_letters) == []
    assert intake.handle(body, tries=3)
    assert said in reason(intake)


def test_a_job_that_is_given_up_goes_on_from_its_dead_letter(
    intake: IntakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_ingest.push.producer._FIRST_BACKOFF_S", 0)
    event = announced(intake.drop(KEY, csv_of(20)))
    intake.kinesis = FakeKinesis(*[refuse_all()] * 500)
    assert intake.handle(event)  # the chunk is written down: that counts as a step
    (go_on,) = intake.waiting(intake.queue) or [{"Body": intake_body(intake)}]
    assert intake.handle(go_on["Body"], tries=3)
    (letter,) = intake.waiting(intake.dead_letters)
    assert "not accepted" in letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    intake.kinesis = FakeKinesis()
    assert intake.handle(letter["Body"], message_id="redriven")
    assert intake.run(intake_job(letter["Body"])) is JobOutcome.NOT_NEEDED
    (images,) = intake.folded().values()
    assert len(images) == 20


def intake_body(intake: IntakeAws) -> str:
    """Return the body of a message that is delayed: the job as the job_store has it."""
    table = [item for item in intake.aws.snapshot() if item["item"]["S"] == "intake"]
    return json.dumps({"go_on": json.loads(table[0]["job"]["S"])})


def intake_job(body: str) -> Any:  # noqa: ANN401 - a job
    from stream_ingest.intake.jobs import decode_job  # noqa: PLC0415 - for this one look

    return decode_job(json.dumps(json.loads(body)["go_on"]))


@pytest.mark.parametrize("operation", ["GetObject", "CopyObject", "HeadObject"])
@pytest.mark.parametrize("code", ["AccessDenied", "KMS.DisabledException", "InvalidRequest"])
def test_what_s3_refuses_ends_as_a_dead_letter_with_the_reason(
    intake: IntakeAws, code: str, operation: str
) -> None:
    """Without it the message would be invisible for half an hour after each receipt."""
    event: Any = announced(intake.drop(KEY, csv_of(20)))
    if operation == "HeadObject":
        event = request(intake, batch_id="b")

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)

    intake.s3.meta.events.register_first(f"before-call.s3.{operation}", refuse)
    try:
        assert [intake.handle(event, tries=number) for number in (1, 2, 3)] == [
            False,
            False,
            True,
        ]
    finally:
        intake.s3.meta.events.unregister(f"before-call.s3.{operation}", refuse)
    (letter,) = intake.waiting(intake.dead_letters)
    assert code in letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]


def test_a_retry_that_sqs_does_not_hasten_is_a_retry_all_the_same(intake: IntakeAws) -> None:
    """A receipt expires when an invocation takes longer than the visibility timeout."""

    def expire(**_: object) -> None:
        raise ClientError({"Error": {"Code": "ReceiptHandleIsInvalid"}}, "ChangeMessageVisibility")

    name = "before-call.sqs.ChangeMessageVisibility"
    intake.sqs.meta.events.register_first(name, expire)
    try:
        assert not intake.handle({"s3_bucket": INPUT, "s3_key": "none.csv"}, tries=1)
    finally:
        intake.sqs.meta.events.unregister(name, expire)
    assert intake.handle({"s3_bucket": INPUT, "s3_key": "none.csv"}, tries=3)
    assert "there is no object" in reason(intake)


def test_a_message_whose_job_an_earlier_receipt_holds_is_received_again_when_that_is_over(
    intake: IntakeAws,
) -> None:
    """Every five seconds instead, it would use up its receipts long before that."""
    job = intake.job(csv_of(20))
    intake.job_store.claim(job, "m1", int(intake.clock()) + 400)
    asked: list[int] = []

    def record(params: dict[str, Any], **_: object) -> None:
        asked.append(params["VisibilityTimeout"])

    name = "provide-client-params.sqs.ChangeMessageVisibility"
    intake.sqs.meta.events.register_first(name, record)
    try:
        assert not intake.handle(encode_continuation(job), tries=1, message_id="m1")
    finally:
        intake.sqs.meta.events.unregister(name, record)
    assert asked == [401]
    intake.clock.advance(401)
    assert intake.handle(encode_continuation(job), tries=2, message_id="m1")
    assert len(intake.kinesis.stored) > 0


def missing(intake: IntakeAws, *, age_s: int, **fields: object) -> dict[str, Any]:
    """Return the event of an upload, `age_s` seconds old, that S3 does not know."""
    uploaded = {"key": KEY, "etag": "e", "sequencer": "1", **fields}
    time = iso_second(from_epoch_s(int(intake.clock()) - age_s))
    event = announced({"bucket": {"name": INPUT}, "object": uploaded})
    return {**event, "time": time}


@pytest.mark.parametrize("version", [{}, {"version-id": "v"}], ids=["no version", "version"])
def test_a_new_file_that_s3_does_not_know_yet_is_looked_for_again_until_it_does(
    intake: IntakeAws, version: dict[str, Any]
) -> None:
    """Receipts count towards the dead letters, so the message is sent again instead."""
    event = missing(intake, age_s=1, **version)
    for number in range(5):
        assert intake.handle(event, message_id=f"m{number}", tries=3)
        (request,) = intake.sent_again
        assert json.loads(request["MessageBody"]) == event
        assert request["DelaySeconds"] == NOT_YET_DELAY_S
        intake.sent_again.clear()
        intake.clock.advance(NOT_YET_DELAY_S)
    assert intake.waiting(intake.dead_letters) == []
    intake.drop(KEY, csv_of(20))
    etag = intake.s3.head_object(Bucket=INPUT, Key=KEY)["ETag"].strip('"')
    event["detail"]["object"] = {"key": KEY, "etag": etag, "sequencer": "1"}
    assert intake.handle(event, message_id="m9")
    (images,) = intake.folded().values()
    assert len(images) == 20


@pytest.mark.parametrize("version", [{}, {"version-id": "v"}], ids=["no version", "version"])
@pytest.mark.parametrize("age_s", [SETTLED_S, 10 * SETTLED_S])
def test_an_old_file_that_s3_does_not_know_is_gone(
    intake: IntakeAws, age_s: int, version: dict[str, Any]
) -> None:
    assert intake.handle(missing(intake, age_s=age_s, **version))
    assert intake.sent_again == []
    (job,) = [item for item in intake.aws.snapshot() if item["item"]["S"] == "intake"]
    assert (job["phase"]["S"], job["outcome"]["S"]) == ("ended", "gone")


def test_a_new_file_that_was_replaced_is_gone_at_once(intake: IntakeAws) -> None:
    intake.drop(KEY, csv_of(20))
    assert intake.handle(missing(intake, age_s=1))
    assert intake.sent_again == []
    assert intake.folded() == {}


def test_a_direct_invocation_for_a_file_that_is_not_there_yet_goes_on_through_the_queue(
    intake: IntakeAws,
) -> None:
    event = missing(intake, age_s=1)
    answer = intake.invoke(event)
    assert answer["status"] == "continued"
    assert "there is no object s3://input/csv-files/covers.csv yet" in answer["notes"][0]
    assert len(intake.sent_again) == 1
