"""Redrive of dead letters. Edge: the composition root of ``dlq``.

Each dead letter is sent first and deleted second. If this is interrupted in between, the next
redrive sends it again, which changes nothing: a replay's name is applied once to a window, and a
row is recognised by its image, or, in a batch without deduplication, found in its window once it
was folded (`folded_rows`).
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from ops_dashboard.recovery.dead_letter_queues import DeadLetterQueues, ReceivedMessage
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.failed_records import FailedRecords
from ops_dashboard.recovery.folded_rows import FoldedRows
from ops_dashboard.recovery.letter_subject import content_of
from ops_dashboard.recovery.record_source import RecordSource, by_batch
from stream_ingest.aws import clients
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.failed_objects import KINDS
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.push.chunks import NoJournal
from stream_ingest.push.counting import PushReport
from stream_ingest.push.push import Push
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.codec import BatchHeader, PackedRecord

if TYPE_CHECKING:
    import boto3

_AT_ONCE = 10
"""Messages that are sent and deleted at once."""
Selector = Callable[[DeadLetter], bool]
"""Whether a dead letter is to be redriven."""
Report = Callable[[int], None]
"""Called with the number of dead letters that were sent so far."""


class RedriveReport(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a redrive."""

    sent: list[DeadLetter] = []
    unreadable: list[str] = []
    """Records that this version cannot decode either, with the error; they stay where they are."""
    batches: list[str] = []
    """Batches as which the rows of records were pushed."""


class Redrive:
    """Redrives the dead letters of one stack."""

    def __init__(self, session: boto3.Session, outputs: StackOutputs) -> None:
        """Work on one stack."""
        self._session, self._outputs = session, outputs
        self._sqs = session.client("sqs", config=clients.CONFIG)
        self._queues = DeadLetterQueues(self._sqs, outputs)
        self._records = FailedRecords(session.client("s3", config=clients.CONFIG), outputs)
        dynamodb = session.client("dynamodb", config=clients.CONFIG)
        self._registry = BatchRegistry(dynamodb, outputs.table_name, time.time)
        self._folded = FoldedRows(dynamodb, outputs.table_name, self._registry)

    def run(self, is_selected: Selector, report: Report = lambda _: None) -> RedriveReport:
        """Redrive the selected dead letters; those that fail again meanwhile are left."""
        sent = self._redrive_messages(is_selected, report)
        letters = [each for kind in KINDS for each in self._records.dead_letters(kind)]
        reports = []
        for at, letter in enumerate(filter(is_selected, letters), start=len(sent) + 1):
            reports.append(self._redrive_records(letter))
            report(at)
        return RedriveReport(
            sent=[*sent, *(each for one in reports for each in one.sent)],
            unreadable=[each for one in reports for each in one.unreadable],
            batches=[each for one in reports for each in one.batches],
        )

    def _redrive_messages(self, is_selected: Selector, report: Report) -> list[DeadLetter]:
        """Send and delete the selected messages, ten at once, as they are received."""
        sent: list[DeadLetter] = []
        again: set[bytes] = set()
        with self._queues.received() as receiver, ThreadPoolExecutor(_AT_ONCE) as threads:

            def redrive(message: ReceivedMessage, outgoing: tuple[str, str]) -> None:
                self._send(*outgoing)
                receiver.delete(message)

            for kind in self._queues.kinds:
                for group in receiver.groups(kind):
                    chosen = [
                        each
                        for each in group
                        if is_selected(each.dead_letter) and _digest(each.body) not in again
                    ]
                    outgoing = [self._message(each) for each in chosen]
                    again.update(_digest(body) for _, body in outgoing)
                    list(threads.map(redrive, chosen, outgoing))
                    sent += [_without_body(each.dead_letter) for each in chosen]
                    report(len(sent))
        return sent

    def _message(self, message: ReceivedMessage) -> tuple[str, str]:
        """Return the queue and the body with which a message is sent again."""
        kind, body = message.dead_letter.kind, message.body
        urls = {
            "intake": self._outputs.request_queue_url,
            "prefetch": self._outputs.prefetch_queue_url,
        }
        if kind in urls:
            return urls[kind], body
        if kind == "sweeper":
            return "", as_call(body)
        return self._outputs.collage_queue_url, as_rebuild(
            body, f"redrive-{message.dead_letter.id}"
        )

    def _send(self, url: str, body: str) -> None:
        if not url:
            self._invoke_sweeper(body)
            return
        with map_errors(f"send a message to {url}"):
            self._sqs.send_message(QueueUrl=url, MessageBody=body)

    def _invoke_sweeper(self, payload: str) -> None:
        functions = self._session.client("lambda", config=clients.CONFIG)
        with map_errors("invoke the sweeper"):
            functions.invoke(
                FunctionName=self._outputs.sweeper_function,
                InvocationType="Event",
                Payload=payload,
            )

    def _redrive_records(self, dead_letter: DeadLetter) -> RedriveReport:
        try:
            records = self._records.records(dead_letter)
        except DecodeError as error:
            return RedriveReport(unreadable=[f"{dead_letter.id}: {error}"])
        batches = [
            self._push_batch(batch, index, dead_letter)
            for index, batch in enumerate(by_batch(records))
        ]
        self._records.delete(dead_letter)
        return RedriveReport(sent=[dead_letter], batches=batches)

    def _push_batch(self, records: list[PackedRecord], index: int, letter: DeadLetter) -> str:
        """Push the rows of one batch's records as a new batch; return its id."""
        header = redriven_header(records[0].batch, _new_batch_id(index))
        source = f"s3://{letter.bucket}/{letter.id}"
        asyncio.run(self._push(header, self._folded.without_folded(records), source))
        return header.batch_id

    async def _push(
        self, header: BatchHeader, records: list[PackedRecord], source: str
    ) -> PushReport:
        registry = self._registry
        registry.register(header, source)
        region = clients.region() or self._outputs.region
        async with clients.async_session().create_client(
            "kinesis", region_name=region, config=clients.async_config()
        ) as kinesis:
            push = Push(
                header=header,
                kinesis=kinesis,
                stream=self._outputs.stream_name,
                registry=registry,
                refused=RefusedRows(
                    self._session.client("s3", config=clients.CONFIG),
                    self._outputs.output_bucket,
                    header.batch_id,
                ),
                checkpoint=NoJournal(),
                progress=lambda _: None,
                creator_case=self._outputs.creator_case,
            )
            return await push.run(RecordSource(records))


def as_call(body: str) -> str:
    """Return the event in Lambda's record of a failed call; any other body is unchanged."""
    event = content_of(body).get("requestPayload")
    return body if event is None else msgspec.json.encode(event).decode()


def _digest(body: str) -> bytes:
    return hashlib.sha256(body.encode()).digest()


def _without_body(letter: DeadLetter) -> DeadLetter:
    """Return a letter for a report, which may have very many."""
    return msgspec.structs.replace(letter, body="")


def as_rebuild(body: str, name: str) -> str:
    """Return a window's message under a replay's name; a body that is not JSON is unchanged."""
    try:
        envelope: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body
    if not isinstance(envelope, dict):
        return body
    return msgspec.json.encode({**envelope, "replay-name": name}).decode()


def redriven_header(batch: BatchHeader, batch_id: str) -> BatchHeader:
    """Return the header under which rows of a batch are sent again.

    Rows of a batch that mixes creators have its own creator already (`mixed-<batch>`), to which
    they go again: it knows their images, and a new one would not.
    """
    settings = msgspec.structs.replace(batch.settings, group_by_creator=True)
    return msgspec.structs.replace(batch, batch_id=batch_id, settings=settings)


def _new_batch_id(index: int) -> str:
    return f"redrive-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{index}"
