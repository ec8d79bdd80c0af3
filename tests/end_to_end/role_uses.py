"""What each right of each role is for, shown by using it.

A function uses its rights when it is invoked with an event of the kind that it gets. What AWS's own
services do with a role (pollers, log writers, failure destinations, the scheduler) ministack does
without asking; there the very calls of the service are made with a session of the role.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
from botocore.exceptions import ClientError

from ops_dashboard.local.samples.cover_model import Cover
from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.events import BatchDrained
from stream_ingest.contracts.identity import image_identity
from stream_ingest.contracts.settings import BATCH_END, BatchSettings, CollageLayout
from stream_ingest.contracts.timestamps import to_epoch_ms
from stream_ingest.records.codec import BUCKETS, BatchHeader
from stream_ingest.records.packer import Packer
from stream_ingest.records.rows import MAX_FALLBACKS, MAX_URL_LENGTH, CoverRow
from tests.end_to_end.guarded_stack import GuardedStack, Said
from tests.end_to_end.intake_uses import IntakeUses
from tests.end_to_end.prefetch_uses import PrefetchUses
from tests.fakes.collage.events import envelope, window_image, window_ready
from tests.fakes.ingest.delivery import kinesis_event

SMALL = CollageLayout(rows=1, cols=2, cell_px=60)
LONG = CollageLayout(rows=5, cols=10, cell_px=60)
_HOUR_S = 3_600


class Uses(IntakeUses, PrefetchUses):
    """Uses of rights, each on creators and windows that nobody has seen before."""

    def __init__(self, stack: GuardedStack) -> None:
        """Use the rights of the stack's roles."""
        self._stack = stack
        self._numbers = itertools.count(1)

    # The windowing function

    def fold_a_row(self) -> Said:
        """Fold one row into an open window."""
        return self._fold(rows=1, layout=SMALL)

    def fold_a_window(self) -> Said:
        """Fold the rows of a full window, and emit it."""
        return self._fold(rows=SMALL.cells, layout=SMALL)

    def fold_a_long_window(self) -> Said:
        """Fold a window whose image list does not fit the bus."""
        return self._fold(rows=LONG.cells, layout=LONG, url_length=MAX_URL_LENGTH)

    def fold_poison(self) -> Said:
        """Put a record aside that cannot be read."""
        return self._stack.invoke("windowing", kinesis_event([b"no record of ours"]))

    # The sweeper

    def sweep(self) -> Said:
        """Look for all that is due."""
        return self._stack.invoke("sweeper", {})

    def flush_a_batch(self) -> Said:
        """Close the open window of a batch that has been drained, and emit it."""
        return self._flush(rows=1, layout=SMALL)

    def flush_a_long_window(self) -> Said:
        """The same with an image list that does not fit the bus."""
        return self._flush(rows=LONG.cells - 1, layout=LONG, url_length=MAX_URL_LENGTH)

    def end_a_batch(self) -> Said:
        """End a batch of which every row was refused, and report it."""
        header, registry = _header(self._name(), SMALL), self._stack.registry
        registry.register(header)
        totals = Totals(rows_read=1, refused={"expired": 1})
        registry.note_totals(header.batch_id, totals, sent=True)
        assert registry.note_drained(header.batch_id, set(range(BUCKETS)))
        return self._sweep(header, "ended")

    # The collage function

    def build(self) -> Said:
        """Build a window for the first time."""
        return self._build(self._window(self._name()))

    def build_in_debug(self) -> Said:
        """Build a window with an image that cannot be had, and keep the answer."""
        window = self._window(self._name())
        missing = msgspec.structs.replace(
            window.images[0], url=f"http://{self._stack.covers.address}/nothing/there.jpeg"
        )
        images = (missing, *window.images[1:])
        return self._build(msgspec.structs.replace(window, images=images, debug=True))

    def rebuild(self) -> Said:
        """Build a window and, as a replay asks for it, once more."""
        window = self._window(self._name())
        first = self._build(window)
        assert first.done, first.text
        return self._build(window, replay="again")

    def rebuild_what_is_gone(self) -> Said:
        """Build a window of which a replay says that it was there, and nothing is."""
        return self._build(self._window(self._name()), replay="again")

    def build_a_long_window(self) -> Said:
        """Build a window whose image list lies in the temp bucket."""
        window = self._window(self._name())
        key = f"processing/windows/{window.window_id.replace(':', '/')}.json"
        self._stack.aws.clients.s3.put_object(
            Bucket=self._stack.outputs.temp_bucket,
            Key=key,
            Body=msgspec.json.encode(window.images),
        )
        return self._build(msgspec.structs.replace(window, images=(), images_key=key))

    # What AWS's services do with a role

    def describe_stream(self) -> Said:
        """Lambda's poller looks at the stream."""
        stream = self._stack.outputs.stream_name
        return self._call("windowing", "kinesis", "describe_stream", StreamName=stream)

    def summarize_stream(self) -> Said:
        """Lambda's poller looks at the stream."""
        stream = self._stack.outputs.stream_name
        return self._call("windowing", "kinesis", "describe_stream_summary", StreamName=stream)

    def list_shards(self) -> Said:
        """Lambda's poller looks for shards."""
        stream = self._stack.outputs.stream_name
        return self._call("windowing", "kinesis", "list_shards", StreamName=stream)

    def seek_in_shard(self) -> Said:
        """Lambda's poller begins with a shard."""
        return self._call("windowing", "kinesis", "get_shard_iterator", **self._shard())

    def read_shard(self) -> Said:
        """Lambda's poller reads on."""
        kinesis = self._stack.aws.clients.untyped("kinesis")
        iterator = kinesis.get_shard_iterator(**self._shard())["ShardIterator"]
        arn = kinesis.describe_stream(StreamName=self._stack.outputs.stream_name)
        return self._call(
            "windowing",
            "kinesis",
            "get_records",
            ShardIterator=iterator,
            StreamARN=arn["StreamDescription"]["StreamARN"],
        )

    def keep_discarded_batch(self) -> Said:
        """Lambda stores a batch that the windowing function could not fold."""
        return self._call(
            "windowing",
            "s3",
            "put_object",
            Bucket=self._stack.outputs.output_bucket,
            Key=f"aws/lambda/{self._name()}",
            Body=b"{}",
        )

    def find_failure_bucket(self) -> Said:
        """Lambda looks whether the bucket for such batches is there."""
        bucket = self._stack.outputs.output_bucket
        return self._call("windowing", "s3", "list_objects_v2", Bucket=bucket)

    def report_failed_sweep(self) -> Said:
        """Lambda reports a sweep that failed for good."""
        return self._send("sweeper", self._stack.outputs.dead_letter_urls["sweeper"])

    def report_missed_sweep(self) -> Said:
        """The scheduler reports a sweep that it could not start."""
        return self._send("sweeper-schedule", self._stack.outputs.dead_letter_urls["sweeper"])

    def start_sweep(self) -> Said:
        """The scheduler starts a sweep."""
        name = self._stack.outputs.sweeper_function
        return self._call(
            "sweeper-schedule", "lambda", "invoke", FunctionName=name, InvocationType="Event"
        )

    def receive_windows(self) -> Said:
        """Lambda's poller takes messages."""
        return self._queue("receive_message")

    def delete_window(self) -> Said:
        """Lambda's poller deletes a message that was worked off."""
        sqs, url = self._stack.aws.clients.sqs, self._stack.outputs.collage_queue_url
        sqs.send_message(QueueUrl=url, MessageBody="{}")
        (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
        return self._queue("delete_message", ReceiptHandle=message["ReceiptHandle"])

    def look_at_queue(self) -> Said:
        """Lambda's poller looks how much there is."""
        return self._queue("get_queue_attributes", AttributeNames=["All"])

    def create_log_stream(self, role: str) -> Said:
        """Lambda opens a log stream for a function."""
        return self._call(
            role,
            "logs",
            "create_log_stream",
            logGroupName=self._log_group(role),
            logStreamName=self._name(),
        )

    def put_log_events(self, role: str) -> Said:
        """Lambda writes a function's log."""
        stream = {"logGroupName": self._log_group(role), "logStreamName": self._name()}
        self._stack.aws.clients.untyped("logs").create_log_stream(**stream)
        line = {"timestamp": int(time.time() * 1000), "message": "one line"}
        return self._call(role, "logs", "put_log_events", **stream, logEvents=[line])

    # Shared

    def _name(self) -> str:
        return f"someone{next(self._numbers)}"

    def _fold(self, *, rows: int, layout: CollageLayout, url_length: int = 0) -> Said:
        header = _header(self._name(), layout)
        return self._deliver(header, _rows(header.batch_id, rows, url_length))

    def _deliver(self, header: BatchHeader, rows: list[CoverRow]) -> Said:
        packer = Packer(header)
        full = [record for row in rows if (record := packer.add(row))]
        records = [record.data for record in (*full, *packer.flush())]
        return self._stack.invoke("windowing", kinesis_event(records))

    def _flush(self, *, rows: int, layout: CollageLayout, url_length: int = 0) -> Said:
        """Prepare a drained batch with every right there is, and sweep it."""
        header, registry = _header(self._name(), layout), self._stack.registry
        batch_id = header.batch_id
        registry.register(header)
        folded = self._deliver(header, _rows(batch_id, rows, url_length))
        assert folded.done, folded.text
        registry.note_totals(batch_id, Totals(rows_read=rows, rows_sent=rows), sent=True)
        assert registry.note_drained(batch_id, set(range(BUCKETS)))
        return self._sweep(header, "flushed")

    def _sweep(self, header: BatchHeader, status: str) -> Said:
        """Sweep a drained batch; done is whether that brought it into a status."""
        drained = BatchDrained(batch_id=header.batch_id, trigger=header.trigger)
        event = {"detail-type": "BatchDrained", "detail": msgspec.to_builtins(drained)}
        said = self._stack.invoke("sweeper", event)
        batch = self._stack.registry.load(header.batch_id)
        moved = batch is not None and batch.status == status
        return Said(done=said.done and moved, text=said.text)

    def _window(self, creator: str, life_s: int = 12 * _HOUR_S) -> Any:  # noqa: ANN401 - the fake's own
        covers = [
            Cover(
                object_id=f"{next(self._numbers):032x}", creator_index=1, caption="a", number=each
            )
            for each in range(SMALL.cells)
        ]
        self._stack.covers.add(covers)
        expires_s = int(time.time()) + life_s
        signer = self._stack.covers.signer
        images = [
            window_image(signer.url(cover, "", expires_s), identity=cover.identity)
            for cover in covers
        ]
        return window_ready(images, creator=creator, number=1, layout=SMALL)

    def _build(self, window: Any, replay: str | None = None) -> Said:  # noqa: ANN401 - as above
        message = {
            "messageId": self._name(),
            "receiptHandle": "handle",
            "body": envelope(window, replay),
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {},
            "md5OfBody": "",
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:collage",
            "awsRegion": "us-east-1",
        }
        return self._stack.invoke("collage", {"Records": [message]})

    def _call(self, role: str, service: str, operation: str, **arguments: object) -> Said:
        return call(self._stack, role, service, operation, **arguments)

    def _send(self, role: str, url: str) -> Said:
        said = self._call(role, "sqs", "send_message", QueueUrl=url, MessageBody="{}")
        self._stack.aws.clients.sqs.purge_queue(QueueUrl=url)
        return said

    def _queue(self, operation: str, **arguments: object) -> Said:
        url = self._stack.outputs.collage_queue_url
        return self._call("collage", "sqs", operation, QueueUrl=url, **arguments)

    def _shard(self) -> dict[str, str]:
        return {
            "StreamName": self._stack.outputs.stream_name,
            "ShardId": "shardId-000000000000",
            "ShardIteratorType": "TRIM_HORIZON",
        }

    def _log_group(self, role: str) -> str:
        return f"/aws/lambda/{self._stack.function_name(role)}"


def call(stack: GuardedStack, role: str, service: str, operation: str, **arguments: object) -> Said:
    """Make one call of AWS as a role."""
    with contextlib.closing(stack.as_role(role, service)) as client:
        try:
            answer = getattr(client, operation)(**arguments)
        except ClientError as error:
            return Said(done=False, text=str(error))
    return Said(done=True, text=json.dumps(answer, default=str))


def _header(name: str, layout: CollageLayout) -> BatchHeader:
    settings = BatchSettings(layout=layout, images_per_window=layout.cells, flush=BATCH_END)
    return BatchHeader(batch_id=name, trigger="csv-push", settings=settings)


def _rows(creator: str, count: int, url_length: int) -> list[CoverRow]:
    return [_row(creator, number, url_length) for number in range(count)]


def _row(creator: str, number: int, url_length: int) -> CoverRow:
    urls = [
        f"https://p16.tiktokcdn.com/{creator}/{number}?{each}".ljust(url_length, "x")
        for each in range(1 + MAX_FALLBACKS)
    ]
    return CoverRow(
        creator=creator,
        url=urls[0],
        fallbacks=tuple(urls[1:]),
        identity=image_identity(urls[0]),
        created_at_ms=to_epoch_ms(datetime.now(UTC)),
    )
