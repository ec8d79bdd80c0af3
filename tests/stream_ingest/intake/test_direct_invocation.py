from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stream_ingest.contracts.errors import TransientError
from stream_ingest.intake.handler import make_handler
from tests.fakes.ingest.kinesis import FakeKinesis, refuse_all
from tests.fakes.ingest.lambda_context import LambdaContext
from tests.fakes.ingest.rows import object_id
from tests.fakes.intake_aws import INPUT, OTHER, IntakeAws, csv_of

KEY = "manual-uploads/batch_20250119.csv"
DROPPED = "csv-files/covers.csv"


def request(**fields: object) -> dict[str, Any]:
    return {"processing_type": "csv_s3", "s3_bucket": INPUT, "s3_key": KEY, **fields}


def notification(key: str = DROPPED) -> dict[str, Any]:
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": INPUT}, "object": {"key": key}},
    }
    return {"Records": [record]}


def test_a_request_is_answered_with_its_batch(intake: IntakeAws) -> None:
    intake.drop(KEY, csv_of(20))
    answer = intake.invoke(request(processing_config={"qualty": 9}))
    (batch_id,) = intake.folded()
    assert answer == {
        "batch_id": batch_id,
        "status": "done",
        "notes": [
            "processing_config.qualty is not a known field and has no effect; did you mean quality?"
        ],
    }
    assert intake.files() == [KEY]


def test_the_same_invocation_attempted_again_is_the_same_batch(intake: IntakeAws) -> None:
    intake.drop(KEY, csv_of(20))
    first = intake.invoke(request(), "r1")
    assert intake.invoke(request(), "r1") == {**first, "status": "known"}
    assert intake.invoke(request(), "r2")["batch_id"] != first["batch_id"]


@pytest.mark.parametrize("form", ["event", "notification"])
def test_an_event_of_s3_is_answered_with_its_batch(intake: IntakeAws, form: str) -> None:
    """Also without the ETag, which a person who writes a test event leaves out."""
    detail = intake.drop(DROPPED, csv_of(20))
    event = {"detail-type": "Object Created", "detail": detail}
    answer = intake.invoke(event if form == "event" else notification())
    (batch_id,) = intake.folded()
    assert answer == {"batch_id": batch_id, "status": "done"}
    assert [key.split("/")[1] for key in intake.files()] == ["processed"]


def test_a_file_that_takes_longer_than_the_invocation_is_continued_through_the_queue(
    intake: IntakeAws,
) -> None:
    intake.drop(KEY, csv_of(20))
    answer = intake.invoke(request(), slice_s=0)
    assert answer["status"] == "continued"
    for number in range(9):
        for message in intake.waiting(intake.queue):
            intake.sqs.delete_message(QueueUrl=intake.queue, ReceiptHandle=message["ReceiptHandle"])
            assert intake.handle(message["Body"], message_id=f"m{number}")
    (images,) = intake.folded().values()
    assert sorted(images) == [object_id(number) for number in range(20)]
    assert intake.is_whole(answer["batch_id"])


def test_several_files_are_answered_together(intake: IntakeAws) -> None:
    for name in ("a", "b"):
        intake.drop(f"csv-files/{name}.csv", csv_of(20))
    records = [
        *notification("csv-files/a.csv")["Records"],
        *notification("csv-files/b.csv")["Records"],
    ]
    answer = intake.invoke({"Records": records})
    assert [each["status"] for each in answer["batches"]] == ["done", "done"]


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({}, "s3_bucket is missing"),
        ([], "expected a JSON object: a request, or an event of S3"),
        (request(processing_config={"quality": 200}), "processing_config.quality 200: expected a"),
        (request(), f"s3_key: there is no object s3://{INPUT}/{KEY}"),
        (
            request(s3_bucket="secrets"),
            f"s3_bucket: expected {INPUT!r} or {OTHER!r}, not",
        ),
        (notification(), f"S3 event: there is no object s3://{INPUT}/{DROPPED}"),
    ],
)
def test_an_event_that_cannot_be_carried_out_is_answered_with_the_reason(
    intake: IntakeAws, event: object, error: str
) -> None:
    answer = intake.invoke(event)
    assert answer["status"] == "refused"
    assert answer["error"].startswith(error)


def test_an_upload_outside_the_folder_is_ignored(intake: IntakeAws) -> None:
    assert intake.invoke(notification("manual-uploads/covers.csv")) == {"status": "ignored"}


def test_an_invocation_that_can_do_nothing_now_fails_and_is_attempted_again(
    intake: IntakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream_ingest.push.producer._FIRST_BACKOFF_S", 0)
    intake.drop(KEY, csv_of(20))
    intake.kinesis = FakeKinesis(*[refuse_all()] * 500)
    assert intake.invoke(request())["status"] == "continued"  # its first chunk is recorded
    monkeypatch.setattr(intake.registry, "register", _fail)
    with pytest.raises(TransientError):
        intake.invoke(request(), "r2")


def _fail(*_: object, **__: object) -> None:
    msg = "the table throttles"
    raise TransientError(msg)


def test_the_handler_distinguishes_messages_of_the_queue_from_direct_invocations() -> None:
    def answer(event: object, request_id: str, **_: float) -> dict[str, Any]:
        return {"event": event, "id": request_id}

    app: Any = SimpleNamespace(
        messages=SimpleNamespace(handle=lambda record, **_: record["messageId"] == "good"),
        direct=SimpleNamespace(answer=answer),
    )
    handle = make_handler(lambda: app)
    context: Any = LambdaContext()
    delivery = {
        "Records": [
            {"eventSource": "aws:sqs", "messageId": name, "body": "{}"} for name in ("good", "bad")
        ]
    }
    assert handle(delivery, context) == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    for event in (request(), notification()):
        assert handle(event, context) == {"event": event, "id": context.aws_request_id}
