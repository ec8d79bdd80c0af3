from __future__ import annotations

import json
from typing import Any

import pytest

from ops_dashboard.recovery.dead_letters import read_failed_batch, read_message, read_poison
from ops_dashboard.recovery.outgoing import as_call, as_rebuild
from ops_dashboard.recovery.rebuild import RebuildMessage, message_batches
from ops_dashboard.recovery.record_source import RecordSource, by_batch
from stream_ingest.contracts.creators import CreatorName
from stream_ingest.records.codec import BatchHeader, PackedRecord, PackedRow


def message(body: str, **attributes: str) -> Any:  # noqa: ANN401 - boto's TypedDict
    return {
        "MessageId": "m1",
        "Body": body,
        "Attributes": {"SentTimestamp": "1794000000000", "ApproximateReceiveCount": "4"},
        "MessageAttributes": {
            name: {"StringValue": value, "DataType": "String"} for name, value in attributes.items()
        },
    }


def test_a_dead_letter_has_its_window_and_time() -> None:
    body = json.dumps({"detail": {"window_id": "ann:000001", "batch_id": "b"}})
    letter = read_message("collage", message(body))
    assert (letter.window_id, letter.batch_id) == ("ann:000001", "b")
    assert letter.about == "window ann:000001"
    assert letter.when == "2026-11-06T21:20:00+00:00"


def test_a_letters_tries_do_not_rise_when_it_is_received() -> None:
    """SQS's count of receipts (4 in this message) rises with each listing."""
    assert read_message("collage", message("{}")).tries is None
    assert read_message("collage", message("{}"), 3).tries == 3


def test_lambdas_record_of_a_failed_call_has_its_attempts_and_its_error() -> None:
    body = json.dumps(
        {
            "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
            "requestPayload": {"detail": {"batch_id": "b"}},
            "responsePayload": {"errorMessage": "no right", "errorType": "ClientError"},
        }
    )
    letter = read_message("sweeper", message(body))
    assert (letter.tries, letter.why, letter.about) == (3, "no right", "end of batch b")
    assert json.loads(as_call(body)) == {"detail": {"batch_id": "b"}}
    assert as_call("no json") == "no json"


UPLOAD = {
    "detail-type": "Object Created",
    "source": "aws.s3",
    "detail": {"bucket": {"name": "in"}, "object": {"key": "csv-files/ä b.csv", "etag": "e"}},
}
NOTIFIED = {
    "Records": [
        {
            "eventSource": "aws:s3",
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": "in"}, "object": {"key": f"csv-files/a+{n}.csv"}},
        }
        for n in range(3)
    ]
}
REQUEST = {"processing_type": "csv_s3", "s3_bucket": "in", "s3_key": "m/a.csv", "batch_id": "r1"}
JOB = {"go_on": {"object": {"bucket": "in", "key": "csv-files/b.csv"}, "header": {"batch_id": "b"}}}


@pytest.mark.parametrize(
    ("kind", "content", "about", "file", "batch_id"),
    [
        ("intake", UPLOAD, "file csv-files/ä b.csv", "s3://in/csv-files/ä b.csv", None),
        (
            "intake",
            NOTIFIED,
            "file csv-files/a 0.csv and 2 others",
            "s3://in/csv-files/a 0.csv",
            None,
        ),
        ("intake", REQUEST, "request r1, file m/a.csv", "s3://in/m/a.csv", "r1"),
        ("intake", {"batch_id": "r2"}, "request r2", None, "r2"),
        ("intake", {"s3_bucket": "in", "s3_key": "a"}, "file a", "s3://in/a", None),
        ("intake", JOB, "file csv-files/b.csv", "s3://in/csv-files/b.csv", "b"),
        ("intake", {"go_on": {"object": 3}}, "a message to intake", None, None),
        ("intake", {"Records": "x"}, "a message to intake", None, None),
        ("intake", {"s3_bucket": 1, "s3_key": []}, "a message to intake", None, None),
        ("prefetch", {"detail": {"covers": 1200}}, "1,200 covers about to expire", None, None),
        ("sweeper", {}, "a sweep", None, None),
        ("window-rule", {"detail": {"window_id": "a:1"}}, "window a:1", None, None),
        ("collage", {"detail": {"window_id": 5}}, "a message to collage", None, None),
    ],
)
def test_a_letter_says_which_file_request_window_or_batch_it_is_about(
    kind: str, content: object, about: str, file: str | None, batch_id: str | None
) -> None:
    letter = read_message(kind, message(json.dumps(content)))
    assert (letter.about, letter.file, letter.batch_id) == (about, file, batch_id)


def test_a_dead_letter_has_eventbridges_reason() -> None:
    letter = read_message(
        "window-rule", message("{}", ERROR_MESSAGE="no permission", RETRY_ATTEMPTS="185")
    )
    assert (letter.why, letter.tries) == ("no permission", 185)


@pytest.mark.parametrize("body", ["", "no json", "[]", "1", '{"detail": 3}', '{"detail": null}'])
def test_any_body_can_be_listed(body: str) -> None:
    assert read_message("sweeper", message(body)).window_id is None


def test_a_failed_batch_has_the_condition_that_lambda_reports() -> None:
    letter = read_failed_batch(
        "aws/lambda/x",
        {
            "requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 3},
            "KinesisBatchInfo": {"shardId": "shardId-1", "batchSize": 7},
            "timestamp": "2026-11-21T00:00:00Z",
        },
    )
    assert letter.why == "RetryAttemptsExhausted on shardId-1"
    assert letter.about == "7 records"
    assert (letter.tries, letter.rows) == (3, 7)


def test_a_quarantined_record_has_its_day_and_reason() -> None:
    letter = read_poison("failed/records/2026/11/21/5.json", {"reason": "codec version 9"})
    assert (letter.when, letter.why) == ("2026-11-21", "codec version 9")


def test_a_window_message_is_redriven_under_a_replay_name() -> None:
    body = as_rebuild('{"detail-type": "WindowReady", "detail": {"schema": 1}}', "redrive-1")
    assert json.loads(body) == {
        "detail-type": "WindowReady",
        "detail": {"schema": 1},
        "replay-name": "redrive-1",
    }


@pytest.mark.parametrize("body", ["no json", "[1]"])
def test_a_body_without_an_envelope_is_redriven_unchanged(body: str) -> None:
    assert as_rebuild(body, "redrive-1") == body


def test_messages_are_grouped_within_the_limits_of_sqs() -> None:
    small = RebuildMessage(window_id="ann:000001", body="x")
    large = RebuildMessage(window_id="ann:000001", body="x" * 400_000)
    assert [len(group) for group in message_batches([small] * 25)] == [10, 10, 5]
    assert [len(group) for group in message_batches([large] * 5)] == [2, 2, 1]
    assert list(message_batches([])) == []


def record(batch_id: str, number: int) -> PackedRecord:
    return PackedRecord(
        batch=BatchHeader(batch_id=batch_id, trigger="csv-push"),
        bucket=1,
        number=number,
        creators=("ann",),
        rows=(PackedRow(0, "https://a.b/1", 1_790_000_000_000, ("https://a.b/2",)),),
    )


def test_records_are_redriven_batch_by_batch_in_their_order() -> None:
    records = [record("a", 4), record("b", 1), record("a", 5)]
    groups = by_batch(records)
    assert [[(r.batch.batch_id, r.number) for r in group] for group in groups] == [
        [("a", 4), ("a", 5)],
        [("b", 1)],
    ]


async def collect(source: RecordSource, after: tuple[int] | None) -> list[Any]:
    return [page async for page in source.pages(after)]


def test_rows_of_a_record_keep_their_urls_and_dates() -> None:
    import asyncio  # noqa: PLC0415 - used here alone

    pages = asyncio.run(collect(RecordSource([record("a", 0), record("a", 1)]), (1,)))
    assert [page.cursor for page in pages] == [(2,)]
    ((creator, urls, moment),) = pages[0].rows
    assert (creator, urls) == (CreatorName("ann"), ["https://a.b/1", "https://a.b/2"])
    assert moment.isoformat() == "2026-09-21T14:13:20+00:00"
