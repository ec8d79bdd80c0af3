"""Dead letters go their way once more. Edge: the composition root of ``dlq``.

Sent on first and deleted second: cut short in between, a letter is sent twice, and the second time
changes nothing (a rebuild's name is applied once, a row is known by its image).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from ops_dashboard.recovery.dead_letters import (
    DeadLetter,
    DeadLetterQueues,
    FailedRecords,
    HeldMessage,
)
from stream_ingest.aws import clients
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.stack import StackOutputs
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.timestamps import from_epoch_ms
from stream_ingest.push.push import NoJournal, Push, PushReport
from stream_ingest.push.refused_rows import RefusedRows
from stream_ingest.records.codec import BatchHeader, PackedRecord
from stream_ingest.sources.source import Cursor, Page

if TYPE_CHECKING:
    import boto3

Wanted = Callable[[DeadLetter], bool]


class Redriven(msgspec.Struct, kw_only=True):
    """What a redrive did."""

    sent: list[DeadLetter] = []
    unreadable: list[str] = []
    """Records that this version cannot read either; they stay."""
    batches: list[str] = []
    """Batches that rows of records were pushed as."""


class RecordSource:
    """Rows of packed records, to be pushed once more."""

    def __init__(self, records: list[PackedRecord]) -> None:
        """Yield the rows of `records` in their order."""
        self._records = records

    async def check(self) -> None:
        """Nothing can keep them from being read."""

    async def pages(self, after: Cursor | None = None) -> AsyncIterator[Page]:
        """Yield a page for each record."""
        first = int(after[0]) if after else 0
        for count, record in enumerate(self._records[first:], start=first + 1):
            rows = [
                (row.creator, [row.url, *row.fallbacks], from_epoch_ms(row.created_at_ms))
                for row in record.cover_rows()
            ]
            yield Page(rows=[*rows], cursor=(count,))


class Redrive:
    """Sends dead letters on."""

    def __init__(self, session: boto3.Session, outputs: StackOutputs) -> None:
        """Work on one stack."""
        self._session, self._outputs = session, outputs
        self._sqs = session.client("sqs", config=clients.CONFIG)
        self.queues = DeadLetterQueues(self._sqs, outputs)
        self.records = FailedRecords(session.client("s3", config=clients.CONFIG), outputs)

    def letters(self) -> list[DeadLetter]:
        """Return all dead letters, and leave them where they are."""
        held = self.queues.messages()
        self.queues.show(held)
        return [*(each.letter for each in held), *self.records.letters()]

    def run(self, wanted: Wanted) -> Redriven:
        """Send on what is `wanted`; everything else stays."""
        done = Redriven()
        held = self.queues.messages()
        for message in held:
            if wanted(message.letter):
                self._send_on(message)
                self.queues.delete(message)
                done.sent.append(message.letter)
        self.queues.show([message for message in held if message.letter not in done.sent])
        for letter in filter(wanted, list(self.records.letters())):
            self._push_records(letter, done)
        return done

    def _send_on(self, message: HeldMessage) -> None:
        if message.letter.kind == "sweeper":
            functions = self._session.client("lambda", config=clients.CONFIG)
            with map_errors("invoke the sweeper"):
                functions.invoke(
                    FunctionName=self._outputs.sweeper_function,
                    InvocationType="Event",
                    Payload=message.body,
                )
            return
        urls = {
            "intake": self._outputs.request_queue_url,
            "prefetch": self._outputs.prefetch_queue_url,
        }
        url, body = urls.get(message.letter.kind), message.body
        if url is None:
            url, body = (
                self._outputs.collage_queue_url,
                as_rebuild(body, f"redrive-{message.letter.id}"),
            )
        with map_errors(f"send a message to {url}"):
            self._sqs.send_message(QueueUrl=url, MessageBody=body)

    def _push_records(self, letter: DeadLetter, done: Redriven) -> None:
        try:
            records = self.records.records(letter.id)
        except DecodeError as error:
            done.unreadable.append(f"{letter.id}: {error}")
            return
        for index, batch in enumerate(by_batch(records)):
            header = msgspec.structs.replace(batch[0].batch, batch_id=_new_id(index))
            asyncio.run(self._push(header, batch))
            done.batches.append(header.batch_id)
        self.records.delete(letter.id)
        done.sent.append(letter)

    async def _push(self, header: BatchHeader, records: list[PackedRecord]) -> PushReport:
        registry = BatchRegistry(
            self._session.client("dynamodb", config=clients.CONFIG),
            self._outputs.table_name,
            time.time,
        )
        registry.register(header)
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
            )
            return await push.run(RecordSource(records))


def as_rebuild(body: str, name: str) -> str:
    """Return a window's message under a replay's name; a body that is no JSON stays as it is."""
    try:
        envelope: Any = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return body
    if not isinstance(envelope, dict):
        return body
    return msgspec.json.encode({**envelope, "replay-name": name}).decode()


def by_batch(records: list[PackedRecord]) -> list[list[PackedRecord]]:
    """Group records by their batch, in the order in which batches first occur."""
    groups: dict[str, list[PackedRecord]] = {}
    for record in records:
        groups.setdefault(record.batch.batch_id, []).append(record)
    return list(groups.values())


def _new_id(index: int) -> str:
    return f"redrive-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{index}"
