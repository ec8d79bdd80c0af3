"""Redrive of dead letters. Edge: the composition root of ``dlq``.

Each dead letter is sent first and deleted second. If this is interrupted in between, the next
redrive sends it again, which changes nothing: a replay's name is applied once to a window, and a
row is recognised by its image, or, in a batch without deduplication, found in its window once it
was folded (`folded_rows`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from ops_dashboard.recovery.dead_letter_queues import DeadLetterQueues, ReceivedMessage
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.failed_records import FailedRecords
from ops_dashboard.recovery.folded_rows import FoldedRows
from ops_dashboard.recovery.record_source import RecordSource, by_batch
from stream_ingest.aws import clients
from stream_ingest.aws.errors import map_errors
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

Selector = Callable[[DeadLetter], bool]
"""Whether a dead letter is to be redriven."""


class RedriveReport(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a redrive."""

    sent: list[DeadLetter] = []
    unreadable: list[str] = []
    """Records that this version cannot decode either, with the error; they stay where they are."""
    batches: list[str] = []
    """Batches as which the rows of records were pushed."""


class Redrive:
    """Lists and redrives the dead letters of one stack."""

    def __init__(self, session: boto3.Session, outputs: StackOutputs) -> None:
        """Work on one stack."""
        self._session, self._outputs = session, outputs
        self._sqs = session.client("sqs", config=clients.CONFIG)
        self._queues = DeadLetterQueues(self._sqs, outputs)
        self._records = FailedRecords(session.client("s3", config=clients.CONFIG), outputs)
        dynamodb = session.client("dynamodb", config=clients.CONFIG)
        self._registry = BatchRegistry(dynamodb, outputs.table_name, time.time)
        self._folded = FoldedRows(dynamodb, outputs.table_name, self._registry)

    def dead_letters(self) -> list[DeadLetter]:
        """Return all dead letters, without changing them."""
        received = self._queues.receive_all()
        self._queues.release(received)
        return [*(each.dead_letter for each in received), *self._records.dead_letters()]

    def run(self, is_selected: Selector) -> RedriveReport:
        """Redrive the selected dead letters."""
        sent = self._redrive_messages(is_selected)
        selected = filter(is_selected, list(self._records.dead_letters()))
        reports = [self._redrive_records(each) for each in selected]
        return RedriveReport(
            sent=[*sent, *(each for report in reports for each in report.sent)],
            unreadable=[each for report in reports for each in report.unreadable],
            batches=[each for report in reports for each in report.batches],
        )

    def _redrive_messages(self, is_selected: Selector) -> list[DeadLetter]:
        received = self._queues.receive_all()
        selected = [each for each in received if is_selected(each.dead_letter)]
        for message in selected:
            self._send(message)
            self._queues.delete(message)
        self._queues.release([each for each in received if each not in selected])
        return [each.dead_letter for each in selected]

    def _send(self, message: ReceivedMessage) -> None:
        kind, body = message.dead_letter.kind, message.body
        if kind == "sweeper":
            self._invoke_sweeper(body)
            return
        urls = {
            "intake": self._outputs.request_queue_url,
            "prefetch": self._outputs.prefetch_queue_url,
        }
        url = urls.get(kind)
        if url is None:
            url = self._outputs.collage_queue_url
            body = as_rebuild(body, f"redrive-{message.dead_letter.id}")
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
        key = dead_letter.id
        try:
            records = self._records.records(key)
        except DecodeError as error:
            return RedriveReport(unreadable=[f"{key}: {error}"])
        batches = [
            self._push_batch(batch, index, key) for index, batch in enumerate(by_batch(records))
        ]
        self._records.delete(key)
        return RedriveReport(sent=[dead_letter], batches=batches)

    def _push_batch(self, records: list[PackedRecord], index: int, key: str) -> str:
        """Push the rows of one batch's records as a new batch; return its id."""
        header = redriven_header(records[0].batch, _new_batch_id(index))
        source = f"s3://{self._outputs.output_bucket}/{key}"
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
