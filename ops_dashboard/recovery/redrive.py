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
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from ops_dashboard.recovery.dead_letter_queues import DeadLetterQueues, ReceivedMessage
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.failed_records import FailedRecords
from ops_dashboard.recovery.folded_rows import FoldedRows
from ops_dashboard.recovery.letter_jobs import letter_jobs
from ops_dashboard.recovery.outgoing import Outgoing, Sender, outgoing_of
from ops_dashboard.recovery.record_source import RecordSource, by_batch
from stream_ingest.aws import clients
from stream_ingest.aws.failed_objects import KINDS
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
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
    """Records and messages that this version cannot send either, with the error; they stay where
    they are."""
    batches: list[str] = []
    """Batches as which the rows of records were pushed."""


class Redrive:
    """Redrives the dead letters of one stack."""

    def __init__(self, session: boto3.Session, outputs: StackOutputs) -> None:
        """Work on one stack."""
        self._session, self._outputs = session, outputs
        self._sender = Sender(session, outputs)
        self._queues = DeadLetterQueues(session.client("sqs", config=clients.CONFIG), outputs)
        self._records = FailedRecords(session.client("s3", config=clients.CONFIG), outputs)
        dynamodb = session.client("dynamodb", config=clients.CONFIG)
        self._jobs = letter_jobs(session.client("s3", config=clients.CONFIG), dynamodb, outputs)
        self._registry = BatchRegistry(dynamodb, outputs.table_name, time.time)
        self._folded = FoldedRows(dynamodb, outputs.table_name, self._registry)

    def run(self, is_selected: Selector, report: Report = lambda _: None) -> RedriveReport:
        """Redrive the selected dead letters; those that fail again meanwhile are left."""
        messages = self._redrive_messages(is_selected, report)
        letters = [each for kind in KINDS for each in self._records.dead_letters(kind)]
        reports = [messages]
        for at, letter in enumerate(filter(is_selected, letters), start=len(messages.sent) + 1):
            reports.append(self._redrive_records(letter))
            report(at)
        return RedriveReport(
            sent=[each for one in reports for each in one.sent],
            unreadable=[each for one in reports for each in one.unreadable],
            batches=[each for one in reports for each in one.batches],
        )

    def _redrive_messages(self, is_selected: Selector, report: Report) -> RedriveReport:
        """Send and delete the selected messages, ten at once, as they are received."""
        sent: list[DeadLetter] = []
        unreadable: list[str] = []
        again: set[bytes] = set()
        with self._queues.received() as receiver, ThreadPoolExecutor(_AT_ONCE) as threads:

            def redrive(message: ReceivedMessage, outgoing: Outgoing) -> None:
                self._sender.send(outgoing)
                receiver.delete(message)

            for kind in self._queues.kinds:
                for group in receiver.groups(kind):
                    selected = [
                        each
                        for each in group
                        if is_selected(each.dead_letter) and _digest(each.body) not in again
                    ]
                    chosen, errors = self._outgoing(selected)
                    again.update(_digest(outgoing.body) for _, outgoing in chosen)
                    list(threads.map(redrive, *zip(*chosen, strict=True)) if chosen else ())
                    sent += [_without_body(message.dead_letter) for message, _ in chosen]
                    unreadable += errors
                    report(len(sent))
        return RedriveReport(sent=sent, unreadable=unreadable)

    def _outgoing(
        self, messages: Iterable[ReceivedMessage]
    ) -> tuple[list[tuple[ReceivedMessage, Outgoing]], list[str]]:
        """Return what to send for messages, and why nothing can be sent for others."""
        chosen, errors = [], []
        for message in messages:
            try:
                letter = message.dead_letter
                jobs = self._jobs.of(letter) if letter.kind == DeadLetterKind.INTAKE else ()
                chosen.append((message, outgoing_of(letter, self._outputs, jobs)))
            except DecodeError as error:
                errors.append(f"{message.dead_letter.ref}: {error}")
        return chosen, errors

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


def _digest(body: str) -> bytes:
    return hashlib.sha256(body.encode()).digest()


def _without_body(letter: DeadLetter) -> DeadLetter:
    """Return a letter for a report, which may have very many."""
    return msgspec.structs.replace(letter, body="")


def redriven_header(batch: BatchHeader, batch_id: str) -> BatchHeader:
    """Return the header under which rows of a batch are sent again.

    Rows of a batch that mixes creators have its own creator already (`mixed-<batch>`), to which
    they go again: it knows their images, and a new one would not.
    """
    settings = msgspec.structs.replace(batch.settings, group_by_creator=True)
    return msgspec.structs.replace(batch, batch_id=batch_id, settings=settings)


def _new_batch_id(index: int) -> str:
    return f"redrive-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{index}"
