"""Listing, finding, redriving and dropping dead letters, on moto's queues and buckets."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import boto3
import msgspec
import pytest
from moto import mock_aws

from ops_dashboard.recovery import dead_letter_queues
from ops_dashboard.recovery.dead_letter_queues import DeadLetterQueues
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.drop import Drop
from ops_dashboard.recovery.failed_records import FailedRecords
from ops_dashboard.recovery.letters import Letters
from ops_dashboard.recovery.redrive import Redrive
from stream_ingest.contracts.errors import NotFoundError
from stream_ingest.contracts.stack_outputs import StackOutputs
from tests.fakes.ingest.aws import OUTPUT, TEMP
from tests.fakes.ingest.rows import cover_row, header, record_of
from tests.fakes.ops.stack_outputs import stack_outputs

POLICY = {
    "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:sweeper-dead",
    "maxReceiveCount": 3,
}
RECORD_KEY, STREAM_KEY = "failed/records/2026/11/21/5.json", "aws/lambda/uuid/shard/2026/11/21/x"


class Stack:
    """Queues and buckets of a stack, with what works on its dead letters."""

    def __init__(self) -> None:
        self.session = boto3.Session(region_name="us-east-1")
        self.sqs, self.s3 = self.session.client("sqs"), self.session.client("s3")
        for bucket in (OUTPUT, TEMP):
            self.s3.create_bucket(Bucket=bucket)
        self.dead = {kind: self.queue(f"{kind}-dead") for kind in ("collage", "intake", "sweeper")}
        self.work = self.queue("collage")
        self.requests = self.queue("requests")
        self.outputs: StackOutputs = stack_outputs(
            dead_letter_urls=self.dead,
            collage_queue_url=self.work,
            request_queue_url=self.requests,
            prefetch_queue_url=self.queue("prefetch"),
        )
        self.queues = DeadLetterQueues(self.sqs, self.outputs)
        self.records = FailedRecords(self.s3, self.outputs)
        self.letters = Letters(self.queues, self.records)
        self.abandoned: list[str] = []
        self.drop = Drop(self.queues, self.records, self.s3, self.outputs, self._abandon)

    def queue(self, name: str) -> str:
        url: str = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        return url

    def put(self, kind: str, content: object) -> str:
        """Put a dead letter; return its id."""
        body = content if isinstance(content, str) else json.dumps(content)
        sent: str = self.sqs.send_message(QueueUrl=self.dead[kind], MessageBody=body)["MessageId"]
        return sent

    def put_window(self, number: int) -> str:
        return self.put("collage", {"detail": {"window_id": f"ann:{number:06d}"}})

    def put_records(self, bucket: str = TEMP) -> None:
        """Put a record, and a delivery that Lambda discarded."""
        data = base64.b64encode(record_of([cover_row(1, "ann")], header("b"))).decode()
        poison = {"reason": "codec version 9", "data": "%%", "sequence": "5"}
        discarded = {
            "requestContext": {"condition": "RecordAgeExceeded", "approximateInvokeCount": 7},
            "KinesisBatchInfo": {"shardId": "shardId-1", "batchSize": 1},
            "timestamp": "2026-11-21T00:00:00Z",
            "payload": json.dumps({"Records": [{"kinesis": {"data": data}}]}),
        }
        self.s3.put_object(Bucket=OUTPUT, Key=RECORD_KEY, Body=json.dumps(poison).encode())
        self.s3.put_object(Bucket=bucket, Key=STREAM_KEY, Body=json.dumps(discarded).encode())

    def waiting(self, url: str) -> int:
        """Return how many messages can be received now."""
        names: Any = ["ApproximateNumberOfMessages"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return int(found["Attributes"]["ApproximateNumberOfMessages"])

    def keys(self, bucket: str) -> list[str]:
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    def _abandon(self, letter: DeadLetter) -> str | None:
        if letter.batch_id is None or letter.kind != "intake":
            return None
        self.abandoned.append(letter.batch_id)
        return letter.batch_id


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    monkeypatch.setattr(dead_letter_queues, "WAIT_S", 0)
    with mock_aws():
        yield Stack()


def test_letters_of_all_queues_and_buckets_are_in_one_list(stack: Stack) -> None:
    stack.put_window(1)
    stack.put("intake", {"batch_id": "r", "s3_bucket": "in", "s3_key": "a.csv"})
    stack.put("sweeper", {})
    stack.put_records()
    found = stack.letters.listing()
    assert [(each.kind, each.about, each.batch_id) for each in found.letters] == [
        ("collage", "window ann:000001", None),
        ("intake", "request r, file a.csv", "r"),
        ("sweeper", "a sweep", None),
        ("record", "1 record", None),
        ("stream", "1 record of batch b", "b"),
    ]
    assert found.remaining == {}
    assert "%%" not in found.letters[3].body


@pytest.mark.parametrize("bucket", [OUTPUT, TEMP])
def test_discarded_deliveries_are_found_in_either_bucket(stack: Stack, bucket: str) -> None:
    stack.put_records(bucket)
    (letter,) = [each for each in stack.letters.listing().letters if each.kind == "stream"]
    assert (letter.id, letter.bucket, letter.tries) == (STREAM_KEY, bucket, 7)
    (record,) = stack.records.records(letter)
    assert record.creators == ("ann",)


def test_looking_changes_nothing(stack: Stack) -> None:
    for number in range(25):
        stack.put_window(number)
    stack.sqs.set_queue_attributes(
        QueueUrl=stack.work, Attributes={"RedrivePolicy": json.dumps(POLICY)}
    )
    first, second = stack.letters.listing(), stack.letters.listing()
    assert first == second
    assert {each.tries for each in first.letters} == {3}
    assert len({each.ref for each in first.letters}) == 25
    assert stack.waiting(stack.dead["collage"]) == 25


def test_a_limit_says_how_many_remain_and_they_stay_visible(stack: Stack) -> None:
    for number in range(25):
        stack.put_window(number)
    found = stack.letters.listing(limit=4)
    assert (len(found.letters), found.remaining) == (4, {"collage": 21})
    assert stack.waiting(stack.dead["collage"]) == 25
    assert len(stack.letters.listing(limit=0).letters) == 25


def test_what_somebody_else_reads_is_counted_as_remaining(stack: Stack) -> None:
    stack.put_window(1)
    stack.put_window(2)
    stack.sqs.receive_message(QueueUrl=stack.dead["collage"], VisibilityTimeout=60)
    found = stack.letters.listing()
    assert (len(found.letters), found.remaining) == (1, {"collage": 1})


def test_only_what_is_counted_is_received_without_waiting_for_more(stack: Stack) -> None:
    for number in range(25):
        stack.put_window(number)
    received: list[str] = []
    stack.sqs.meta.events.register(
        "provide-client-params.sqs.ReceiveMessage",
        lambda params, **_: received.append(params["QueueUrl"]),
    )
    found = stack.letters.listing(as_counted=True)
    assert received == [stack.dead["collage"]] * 3
    assert found == stack.letters.listing()
    assert set(received) == set(stack.dead.values())


def test_an_interrupted_listing_leaves_everything_visible(stack: Stack) -> None:
    for number in range(25):
        stack.put_window(number)

    def interrupt(read: int) -> None:
        if read == 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stack.letters.listing(report=interrupt)
    assert stack.waiting(stack.dead["collage"]) == 25


def test_letters_are_found_by_short_id_or_whole_id(stack: Stack) -> None:
    one, other = stack.put_window(1), stack.put_window(2)
    stack.put_window(3)
    (found,) = stack.letters.find({one})
    assert found.id == one
    both = stack.letters.find({found.ref, other})
    assert {each.id for each in both} == {one, other}
    with pytest.raises(NotFoundError, match="no dead letter 0123456789"):
        stack.letters.find({found.ref, "0123456789"})
    assert stack.waiting(stack.dead["collage"]) == 3


def bodies(stack: Stack, url: str) -> list[Any]:
    got = stack.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(each["Body"]) for each in got]


def test_letters_are_redriven_by_their_ids_and_others_stay(stack: Stack) -> None:
    chosen = {stack.put_window(1), stack.put("intake", {"batch_id": "r"})}
    stack.put_window(2)
    sent = Redrive(stack.session, stack.outputs).run(lambda letter: letter.id in chosen).sent
    assert {each.id for each in sent} == chosen
    assert [each["detail"]["window_id"] for each in bodies(stack, stack.work)] == ["ann:000001"]
    assert bodies(stack, stack.requests) == [{"batch_id": "r"}]
    assert (stack.waiting(stack.dead["collage"]), stack.waiting(stack.dead["intake"])) == (1, 0)


def test_a_message_that_cannot_be_sent_again_stays_and_is_reported(stack: Stack) -> None:
    url = stack.queue("notification-dead")
    outputs = msgspec.structs.replace(stack.outputs, notification_dead_letters_url=url)
    stack.sqs.send_message(QueueUrl=url, MessageBody="only its text is known")
    stack.put("intake", {"batch_id": "r"})
    report = Redrive(stack.session, outputs).run(lambda _: True)
    assert [each.kind for each in report.sent] == ["intake"]
    (problem,) = report.unreadable
    assert "no event that could be sent again" in problem
    assert stack.waiting(url) == 1


def test_a_letter_that_fails_again_meanwhile_is_sent_once(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    redrive = Redrive(stack.session, stack.outputs)
    genuine = stack.sqs.__class__.send_message
    stack.put("intake", {"batch_id": "r"})

    def come_back(client: Any, **request: Any) -> Any:  # noqa: ANN401 - boto's
        answer = genuine(client, **request)
        if request["QueueUrl"] == stack.requests:
            genuine(client, QueueUrl=stack.dead["intake"], MessageBody=request["MessageBody"])
        return answer

    monkeypatch.setattr(redrive._sender._sqs.__class__, "send_message", come_back)  # noqa: SLF001 - the client's class
    assert len(redrive.run(lambda _: True).sent) == 1
    assert stack.waiting(stack.dead["intake"]) == 1


def test_dropped_letters_are_gone_and_their_copies_complete(stack: Stack) -> None:
    stack.put_window(2)
    stack.put_records()
    window = stack.put_window(1)
    chosen = stack.letters.find({window, RECORD_KEY, STREAM_KEY})
    dropped = stack.drop.run(chosen)
    assert {each.letter.id for each in dropped} == {window, RECORD_KEY, STREAM_KEY}
    assert [each.about for each in stack.letters.listing().letters] == ["window ann:000002"]
    assert stack.waiting(stack.dead["collage"]) == 1
    copies = {each.letter.kind: each.copy for each in dropped}
    assert sorted(copies.values()) == stack.keys(OUTPUT)
    assert copies["stream"] == f"failed/dropped/stream/{STREAM_KEY}"
    copy = stack.s3.get_object(Bucket=OUTPUT, Key=copies["collage"])["Body"].read()
    assert msgspec.json.decode(copy, type=DeadLetter) in chosen


def test_a_letter_that_somebody_else_took_is_not_dropped(stack: Stack) -> None:
    chosen = stack.letters.find({stack.put_window(1)})
    stack.sqs.receive_message(QueueUrl=stack.dead["collage"], VisibilityTimeout=60)
    assert stack.drop.run(chosen) == []
    assert stack.keys(OUTPUT) == []


def test_the_batch_of_a_dropped_file_ends(stack: Stack) -> None:
    body = {"go_on": {"object": {"bucket": "in", "key": "a"}, "header": {"batch_id": "half"}}}
    (dropped,) = stack.drop.run(stack.letters.find({stack.put("intake", body)}))
    assert (dropped.abandoned, stack.abandoned) == ("half", ["half"])


@pytest.mark.parametrize(
    ("content", "why"),
    [("no json", "x"), ("[]", "x"), ("{}", "unknown"), ('{"KinesisBatchInfo": 3}', "unknown")],
)
def test_any_object_is_listed_and_stays_if_it_has_no_records(
    stack: Stack, content: str, why: str
) -> None:
    stack.s3.put_object(Bucket=TEMP, Key=STREAM_KEY, Body=content.encode())
    (letter,) = stack.letters.listing().letters
    assert why in letter.why
    report = Redrive(stack.session, stack.outputs).run(lambda _: True)
    assert (report.sent, len(report.unreadable)) == ([], 1)
    assert stack.keys(TEMP) == [STREAM_KEY]
