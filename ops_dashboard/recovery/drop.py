"""Dead letters that are given up for good. Edge (SQS, S3, DynamoDB, Kinesis).

A copy is stored first (``failed/dropped/<kind>/…`` in the output bucket), then the letter is
deleted; an interruption in between leaves it to be dropped again, which writes the same copy.

What is missing is said where it is counted: rows of dropped records stay `quarantined` in their
batch, and a window whose message is dropped is marked failed by the sweeper. A batch whose file is
given up half-way is abandoned here, so that it ends with the rows that were sent; a file that never
began is marked, so that the sweeper does not find it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from ops_dashboard.recovery.dead_letter_queues import DeadLetterQueues
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.failed_records import FailedRecords
from ops_dashboard.recovery.letter_jobs import LetterJobs
from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.failed_objects import KINDS
from stream_ingest.batches.progress import Batch
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind
from stream_ingest.contracts.object_keys import DROPPED_PREFIX
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.push.abandon import abandon_in

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

Abandon = Callable[[DeadLetter], str | None]
"""Ends the batches of files that were read half-way; returns their ids, None if there is none."""


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter that was dropped, and the key of its copy."""

    letter: DeadLetter
    copy: str
    abandoned: str | None = None
    """Batch that ends without the rest of its file; several with a comma between."""


class Drop:
    """Drops dead letters of one stack."""

    def __init__(
        self,
        queues: DeadLetterQueues,
        records: FailedRecords,
        s3: S3Client,
        outputs: StackOutputs,
        abandon: Abandon,
    ) -> None:
        """Store copies in the output bucket."""
        self._queues, self._records, self._s3 = queues, records, s3
        self._bucket, self._abandon = outputs.output_bucket, abandon

    def run(self, chosen: Collection[DeadLetter]) -> list[Dropped]:
        """Drop dead letters; those that are gone meanwhile are left out."""
        dropped = [self._drop_records(each) for each in chosen if each.kind in KINDS]
        left = {each.id for each in chosen if each.kind not in KINDS}
        with self._queues.received() as receiver:
            for kind in sorted({each.kind for each in chosen} - set(KINDS)):
                for message in receiver.messages(kind):
                    letter = message.dead_letter
                    if letter.id in left:
                        key, abandoned = self._copy(letter), self._abandon(letter)
                        receiver.delete(message)
                        left.remove(letter.id)
                        dropped.append(Dropped(letter=letter, copy=key, abandoned=abandoned))
                    if not left:
                        break
        return dropped

    def _drop_records(self, letter: DeadLetter) -> Dropped:
        key = f"{DROPPED_PREFIX}{letter.kind}/{letter.id}"
        self._records.copy(letter, self._bucket, key)
        self._records.delete(letter)
        return Dropped(letter=letter, copy=key)

    def _copy(self, letter: DeadLetter) -> str:
        """Store a message with what is known about it; return the key."""
        day = letter.when[:10].replace("-", "/")
        key = f"{DROPPED_PREFIX}{letter.kind}/{day}/{quote(letter.id, safe='')}.json"
        with map_errors(f"copy {letter.id}"):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=msgspec.json.encode(letter),
                ContentType="application/json",
            )
        return key


def _is_unfinished(batch: Batch) -> bool:
    """Return whether a file was not read to its end, or its end may not be in the stream. Pure."""
    if batch.status == "sent":
        return not batch.is_drained
    return batch.status in {"sending", "abandoning"}


def abandoning(registry: BatchRegistry, jobs: LetterJobs, outputs: StackOutputs) -> Abandon:
    """Return what ends the batches of an intake's dead letter, if they are its files' own."""

    def abandon(letter: DeadLetter) -> str | None:
        if letter.kind != DeadLetterKind.INTAKE:
            return None
        ended = []
        for job in jobs.of(letter):
            batch = registry.load(job.batch_id)
            if batch is None:
                jobs.give_up(job)
                continue
            if batch.owner != job.owner or not _is_unfinished(batch):
                continue
            abandon_in(outputs, job.batch_id, "ops-dashboard dlq drop")
            ended.append(job.batch_id)
        return ", ".join(ended) or None

    return abandon
