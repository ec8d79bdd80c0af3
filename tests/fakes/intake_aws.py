"""The AWS of the intake's tests: moto's buckets, table and queues, a fake stream, a clock."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger

from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.batch_options import NO_OPTIONS
from stream_ingest.contracts.s3_events import OBJECT_CREATED
from stream_ingest.intake.direct_invocation import DirectInvocation
from stream_ingest.intake.job_runner import JobOutcome, JobRunner
from stream_ingest.intake.job_store import JobStore
from stream_ingest.intake.jobs import Job, job_of
from stream_ingest.intake.message_handler import NOT_YET_DELAY_S, MessageHandler, Queues
from stream_ingest.intake.message_reader import MessageReader
from stream_ingest.intake.requests import Buckets, Requests
from stream_ingest.intake.uploads import Upload, read_uploads
from stream_ingest.records.codec import BUCKETS, PackedRecord, unpack
from tests.fakes.iam.roles import Guarded
from tests.fakes.ingest.aws import OUTPUT, TABLE, TEMP, IngestAws
from tests.fakes.ingest.kinesis import FakeKinesis
from tests.fakes.ingest.rows import cover_url

INPUT = "input"
OTHER = "tiktok-image-input"
"""A bucket of others that the stack allows."""
BUCKETS_READ = Buckets(INPUT, (OTHER,))
SLICE_S = 300
"""Length of an invocation."""
HEADER = "creator_name,cover_url,created_at"


def csv_of(count: int, creators: int = 3) -> bytes:
    """Return a file with covers 0, 1, … of some creators in turn."""
    lines = [f"creator{n % creators},{cover_url(n)},2026-11-01 00:00:00" for n in range(count)]
    return "\n".join([HEADER, *lines, ""]).encode()


def announced_upload(detail: dict[str, Any]) -> Upload:
    """Return the upload in the detail of EventBridge's event."""
    (upload,) = read_uploads({"detail-type": OBJECT_CREATED, "detail": detail})
    return upload


class IntakeAws:
    """An account with a file, and the intake's parts."""

    def __init__(self, aws: IngestAws, sqs: Any) -> None:  # noqa: ANN401 - a boto3 client
        self.aws, self.s3, self.sqs, self.clock = aws, aws.s3, sqs, aws.clock
        self.s3.create_bucket(Bucket=INPUT)
        self.queue = sqs.create_queue(QueueName="intake")["QueueUrl"]
        self.dead_letters = sqs.create_queue(QueueName="dead")["QueueUrl"]
        self.defaults = NO_OPTIONS
        self.kinesis = FakeKinesis()
        dynamodb: Any = Guarded(aws.dynamodb, "dynamodb", "intake")
        self.sent_again: list[dict[str, Any]] = []
        """Messages that were sent again with a delay; moto would keep them back."""
        self.job_store = JobStore(dynamodb, TABLE, self.s3, TEMP, aws.clock)
        self.registry = BatchRegistry(dynamodb, TABLE, aws.clock)
        self._numbers = itertools.count(1)

    def drop(self, key: str, data: bytes) -> dict[str, Any]:
        """Put a file into the input bucket; return the detail with which S3 announces it."""
        answer = self.s3.put_object(Bucket=INPUT, Key=key, Body=data)
        announced = {
            "key": key,
            "size": len(data),
            "etag": answer["ETag"].strip('"'),
            "sequencer": f"{next(self._numbers):018X}",
        }
        if "VersionId" in answer:
            announced["version-id"] = answer["VersionId"]
        return {"version": "0", "bucket": {"name": INPUT}, "object": announced}

    def job(self, data: bytes, key: str = "csv-files/covers.csv") -> Job:
        """Drop a file; return its job."""
        job = job_of(announced_upload(self.drop(key, data)), is_own=True)
        assert job is not None
        return job

    def runner(self, *, chunk_rows: int = 100, s3: Any = None) -> JobRunner:  # noqa: ANN401 - boto3
        """Return the job runner of a new process."""
        return JobRunner(
            s3=s3 or self.s3,
            kinesis=self.kinesis,  # type: ignore[arg-type]
            stream="stream",
            input_bucket=INPUT,
            output_bucket=OUTPUT,
            job_store=self.job_store,
            registry=self.registry,
            clock=self.clock,
            chunk_rows=chunk_rows,
        )

    def run(
        self, job: Job, holder: str = "message", *, slice_s: float = SLICE_S, chunk_rows: int = 100
    ) -> JobOutcome:
        """Run a job in an invocation that has `slice_s` seconds until it has to pause."""
        now = self.clock()
        return self.runner(chunk_rows=chunk_rows).run(
            job, holder, pause_at=now + slice_s, ends_at=now + SLICE_S
        )

    def message_handler(self, runner: JobRunner | None = None) -> MessageHandler:
        """Return the message handler of a new process."""
        return MessageHandler(
            runner=runner or self.runner(),
            queues=self.queues(),
            reader=self.reader(),
            max_receives=3,
            logger=Logger(service="intake"),
            clock=self.clock,
        )

    def queues(self) -> Queues:
        """Return the intake's queue and its dead letters."""
        return Queues(_Delayed(self.sqs, self.sent_again), self.queue, self.dead_letters)  # type: ignore[arg-type]

    def reader(self) -> MessageReader:
        """Return the message reader of a new process."""
        make_job = Requests(self.s3, self.job_store, BUCKETS_READ, self.defaults).job
        return MessageReader(
            s3=self.s3,
            job_store=self.job_store,
            buckets=BUCKETS_READ,
            defaults=self.defaults,
            make_job=make_job,
            clock=self.clock,
        )

    def invoke(
        self, event: object, request_id: str = "r1", *, slice_s: float = SLICE_S
    ) -> dict[str, Any]:
        """Return the answer to a direct invocation."""
        logger = Logger(service="intake")
        direct = DirectInvocation(self.runner(), self.queues(), self.reader(), logger)
        now = self.clock()
        return direct.answer(event, request_id, pause_at=now + slice_s, ends_at=now + SLICE_S)

    def handle(
        self, body: object, *, tries: int = 1, message_id: str = "m1", slice_s: float = SLICE_S
    ) -> bool:
        """Handle a message as Lambda delivers it."""
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=text)
        (received,) = self.sqs.receive_message(QueueUrl=self.queue)["Messages"]
        now = self.clock()
        done = self.message_handler().handle(
            {
                "messageId": message_id,
                "receiptHandle": received["ReceiptHandle"],
                "body": text,
                "attributes": {"ApproximateReceiveCount": str(tries)},
            },
            pause_at=now + slice_s,
            ends_at=now + SLICE_S,
        )
        if done:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=received["ReceiptHandle"])
        return done

    def waiting(self, url: str) -> list[dict[str, Any]]:
        """Return the messages of a queue."""
        answer = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def files(self) -> list[str]:
        """Return the keys in the input bucket."""
        return self.aws.keys_in(INPUT)

    def records(self) -> list[PackedRecord]:
        """Return what the stream holds, repeats and all."""
        return [unpack(data) for _, data in self.kinesis.stored]

    def folded(self) -> dict[str, list[str]]:
        """Return each batch's image identities in order, once, as the fold counts them.

        A record at or below its bucket's last is a repeat; one that skips a number is a loss.
        """
        last: dict[tuple[str, int], int] = {}
        bytes_of: dict[tuple[str, int, int], bytes] = {}
        images: dict[str, list[str]] = {}
        for (_, data), record in zip(self.kinesis.stored, self.records(), strict=True):
            where = (record.batch.batch_id, record.bucket)
            assert bytes_of.setdefault((*where, record.number), data) == data
            before = last.get(where, -1)
            if record.number <= before:
                continue
            assert record.number == before + 1
            last[where] = record.number
            images.setdefault(where[0], []).extend(row.identity for row in record.cover_rows())
        return images

    def ended_buckets(self, batch_id: str) -> int:
        """Return how many buckets of a batch have their end mark."""
        return len({r.bucket for r in self.records() if r.last and r.batch.batch_id == batch_id})

    def is_whole(self, batch_id: str) -> bool:
        """Return whether every bucket of a batch has ended."""
        return self.ended_buckets(batch_id) == BUCKETS


class _Delayed:
    """SQS's client; what is sent with the delay of files that are not there yet is recorded."""

    def __init__(self, sqs: Any, sent: list[dict[str, Any]]) -> None:  # noqa: ANN401 - boto3
        self._sqs, self._sent = sqs, sent

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a method of the client
        return getattr(self._sqs, name)

    def send_message(self, **request: Any) -> Any:  # noqa: ANN401 - boto3's answer
        if request.get("DelaySeconds") == NOT_YET_DELAY_S:
            self._sent.append(request)
            return {}
        return self._sqs.send_message(**request)


class Interrupted:
    """A client of which call number `at` fails as a process does that is killed there."""

    def __init__(self, client: Any, at: Callable[[], bool]) -> None:  # noqa: ANN401 - boto3
        self._client, self._at = client, at

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a method of the client
        method = getattr(self._client, name)
        if not callable(method):
            return method

        def call(*arguments: object, **named: object) -> object:
            if self._at():
                raise KilledError
            return method(*arguments, **named)

        return call


class KilledError(BaseException):
    """The process ends here."""
