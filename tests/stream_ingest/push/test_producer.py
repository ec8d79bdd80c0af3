from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from stream_ingest.contracts.errors import TransientError
from stream_ingest.push import producer as module
from stream_ingest.push.producer import MAX_ATTEMPTS, MAX_RECORDS, MAX_REQUESTS, KinesisProducer
from stream_ingest.records.packer import OutgoingRecord
from tests.fakes.ingest.kinesis import (
    Answer,
    FakeKinesis,
    lose_answer,
    raising,
    refuse_all,
    refuse_at,
    throttle,
)


def record(bucket: int, number: int, size: int = 10) -> OutgoingRecord:
    data = f"{bucket}.{number}".encode().ljust(size, b".")
    return OutgoingRecord(bucket=bucket, number=number, data=data, rows=1)


class Sending:
    """A producer on a fake stream whose backoff takes no time; stores what it was given."""

    def __init__(self, kinesis: FakeKinesis, jitter: float = 0.5) -> None:
        self.kinesis = kinesis
        self.accepted: list[OutgoingRecord] = []
        self.slept: list[float] = []
        self.producer = KinesisProducer(
            kinesis,  # type: ignore[arg-type]
            "stream",
            accepted=self.accepted.append,
            sleep=self._sleep,
            jitter=lambda: jitter,
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)

    async def send(self, records: list[OutgoingRecord]) -> None:
        for each in records:
            await self.producer.put(each)
        await self.producer.drain()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await test()

    asyncio.run(limited())


def send(kinesis: FakeKinesis, records: list[OutgoingRecord]) -> Sending:
    sending = Sending(kinesis)
    run(lambda: sending.send(records))
    return sending


def in_bucket(kinesis: FakeKinesis, bucket: int) -> list[bytes]:
    """Return what the stream holds of a bucket, without repetitions."""
    mine = [data for key, data in kinesis.stored if key == f"bucket-{bucket:03d}"]
    return list(dict.fromkeys(mine))


THREE_EACH = [record(bucket, number) for number in range(3) for bucket in range(4)]


def test_every_record_is_accepted_and_reported_once() -> None:
    sending = send(FakeKinesis(), THREE_EACH)
    assert sorted(sending.kinesis.stored) == sorted((r.partition_key, r.data) for r in THREE_EACH)
    assert sorted(r.data for r in sending.accepted) == sorted(r.data for r in THREE_EACH)
    assert sending.slept == []


@pytest.mark.parametrize(
    "script",
    [
        [refuse_all()],
        [refuse_all(), refuse_all(), refuse_all()],
        [refuse_at(0)] * 6,
        [refuse_at(0, 2), refuse_at(1), refuse_all("InternalFailure")],
        [throttle(), refuse_at(1), throttle()],
        [lose_answer(), refuse_at(0), lose_answer()],
    ],
)
def test_the_order_of_each_bucket_survives_any_refusal(script: list[Answer]) -> None:
    """Kinesis stores what is behind a refused record: so nothing of its bucket may be there."""
    sending = send(FakeKinesis(*script), THREE_EACH)
    for bucket in range(4):
        assert in_bucket(sending.kinesis, bucket) == [record(bucket, n).data for n in range(3)]
    assert len(sending.accepted) == len(THREE_EACH)


def test_no_request_holds_two_records_of_a_bucket_nor_the_next_before_the_last() -> None:
    kinesis = FakeKinesis(refuse_all(), refuse_at(0), refuse_all(), refuse_at(1))
    sending = send(kinesis, THREE_EACH)
    accepted: set[bytes] = set()
    for attempt in kinesis.attempts:
        assert len({key for key, _ in attempt}) == len(attempt)
    for key, data in kinesis.stored:
        bucket, number = data.rstrip(b".").split(b".")
        assert number == b"0" or record(int(bucket), int(number) - 1).data in accepted, key
        accepted.add(data)
    assert sending.slept


def test_after_a_lost_response_the_same_bytes_are_sent_again() -> None:
    """The fold recognises them by their position, and a changed byte would be another record."""
    sending = send(FakeKinesis(lose_answer()), [record(1, 0)])
    assert sending.kinesis.attempts == [[("bucket-001", record(1, 0).data)]] * 2
    assert len(sending.kinesis.stored) == 2
    assert len(sending.accepted) == 1


def test_the_backoff_doubles_up_to_ten_seconds_and_is_jittered() -> None:
    sending = send(FakeKinesis(*[refuse_all()] * 9), [record(1, 0)])
    assert sending.slept == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_other_buckets_continue_while_one_backs_off() -> None:
    kinesis = FakeKinesis(refuse_all(), refuse_all())
    sending = Sending(kinesis)
    release = asyncio.Event()

    async def stuck(_seconds: float) -> None:
        await release.wait()

    async def test() -> None:
        sending.producer._sleep = stuck  # noqa: SLF001 - a backoff that a test can hold
        await sending.producer.put(record(1, 0))
        for number in range(3):
            await sending.producer.put(record(2, number))
            await sending.producer.put(record(1, number + 1))
        for _ in range(50):
            await asyncio.sleep(0)
        assert [r.bucket for r in sending.accepted if r.bucket == 1] == []
        release.set()
        await sending.producer.drain()

    run(test)
    assert len(sending.accepted) == 7


@pytest.mark.parametrize("answer", [refuse_all("ThrottlingException"), throttle()])
def test_a_record_that_keeps_being_rejected_is_an_error_after_the_last_attempt(
    answer: Answer,
) -> None:
    sending = Sending(FakeKinesis(*[answer] * MAX_ATTEMPTS))
    message = r"stream: 1 records not accepted after 12 attempts.*xception"
    with pytest.raises(TransientError, match=message):
        run(lambda: sending.send([record(1, 0), record(1, 1)]))
    assert len(sending.kinesis.attempts) == MAX_ATTEMPTS
    assert sending.accepted == []
    assert len(sending.slept) == MAX_ATTEMPTS - 1


def test_a_missing_stream_is_an_error_without_retries() -> None:
    sending = Sending(FakeKinesis(raising("ResourceNotFoundException")))
    with pytest.raises(ClientError, match="ResourceNotFound"):
        run(lambda: sending.send([record(1, 0)]))
    assert sending.slept == []


def test_an_error_reaches_the_next_put_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_QUEUED_BYTES", 100)
    sending = Sending(FakeKinesis(raising("AccessDeniedException")))
    reached: list[int] = []

    async def test() -> None:
        for number in range(10):
            await sending.producer.put(record(1, number, size=60))
            reached.append(number)

    with pytest.raises(ClientError, match="AccessDenied"):
        run(test)
    assert reached == [0]


def test_a_request_has_at_most_500_records() -> None:
    records = [record(bucket, 0) for bucket in range(3 * MAX_RECORDS)]
    sending = send(FakeKinesis(), records)
    assert len(sending.accepted) == len(records)
    assert max(map(len, sending.kinesis.attempts)) == MAX_RECORDS


def test_a_request_stays_below_the_byte_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REQUEST_BYTES", 1_000)
    sending = send(FakeKinesis(), [record(bucket, 0, size=300) for bucket in range(20)])
    assert len(sending.accepted) == 20
    assert max(map(len, sending.kinesis.attempts)) == 3


def test_a_record_larger_than_the_request_limit_is_sent_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_REQUEST_BYTES", 1_000)
    sending = send(FakeKinesis(), [record(1, 0, size=5_000), record(2, 0)])
    assert len(sending.accepted) == 2


def test_the_number_of_requests_in_flight_is_bounded() -> None:
    kinesis = FakeKinesis()
    send(kinesis, [record(bucket, number) for number in range(5) for bucket in range(50)])
    assert 1 < kinesis.most_at_once <= MAX_REQUESTS


def test_put_waits_while_too_many_bytes_are_queued(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_QUEUED_BYTES", 1_000)
    kinesis = FakeKinesis()
    sending = Sending(kinesis)
    put: list[int] = []

    async def test() -> None:
        kinesis.gate = asyncio.Event()

        async def produce() -> None:
            for number in range(30):
                await sending.producer.put(record(number, 0, size=100))
                put.append(number)

        producing = asyncio.create_task(produce())
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(put) == 10
        kinesis.gate.set()
        await producing
        await sending.producer.drain()

    run(test)
    assert len(sending.accepted) == 30


def test_draining_an_empty_producer_returns_at_once() -> None:
    assert send(FakeKinesis(), []).kinesis.attempts == []


def test_stop_cancels_requests_in_flight_and_starts_no_more() -> None:
    """Ctrl-C, or a source that broke: no request may outlive the push."""
    kinesis = FakeKinesis()
    sending = Sending(kinesis)

    async def test() -> None:
        kinesis.gate = asyncio.Event()
        for bucket in range(10):
            await sending.producer.put(record(bucket, 0))
            await sending.producer.put(record(bucket, 1))
        await asyncio.sleep(0)
        begun = len(kinesis.attempts)
        assert begun > 0
        await sending.producer.stop()
        await sending.producer.stop()
        kinesis.gate.set()
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(kinesis.attempts) == begun
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(test)
    assert kinesis.stored == []
    assert sending.accepted == []


def test_the_fake_responds_as_kinesis_does(aws_environment: None) -> None:  # noqa: ARG001 - it sets variables
    """A contract of the fake that the other tests stand on."""
    entries = [{"Data": b"a", "PartitionKey": "k"}, {"Data": b"b", "PartitionKey": "k"}]
    with mock_aws():
        real = boto3.client("kinesis")
        real.create_stream(StreamName="stream", ShardCount=1)
        answer = real.put_records(StreamName="stream", Records=entries)  # type: ignore[arg-type]
    fake = asyncio.run(FakeKinesis().put_records(StreamName="stream", Records=entries))
    assert answer["FailedRecordCount"] == fake["FailedRecordCount"] == 0
    assert [set(result) for result in answer["Records"]] == [set(r) for r in fake["Records"]]
