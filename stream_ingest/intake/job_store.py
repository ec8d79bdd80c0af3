"""The state of each job, and who works on it. Edge (DynamoDB, S3).

One item a job, ``batch#<id>`` / ``intake``: the job, who has claimed it until when, and the number
of the last chunk that was recorded. The chunk's records are an object in the temp bucket, because
they are some megabytes: stored first, referred to by the item next, sent last. Whoever claims a job
sends that chunk again, byte for byte, and reads on from the position in it.

The owner of a claim is a message. Its invocation ends before the claim does, so at most one works
on a job. Each claim has an id: so one whose answer was lost is recognised when the SDK repeats the
request and its condition fails. If two messages name one job, the second waits for the end of the
first one's claim: the first may be a copy of a message that was deleted, which nobody receives
again if it dies. A job is released before its continuation is sent.

========  ==============================  =========================================================
call      condition                       changes
========  ==============================  =========================================================
announce  no item (by the sweeper)        creates the item, without a claim (`unread`)
claim     no item, or reading and the     creates the item; else its owner and the claim's end
          claim is over
record    own claim, the chunk before     number of chunks, position and line, the read failure
release   own claim                       the claim's end: over at once
end       own claim                       phase ``ended``, the outcome, the claim's end
give up   no item, or reading and the     phase ``ended``, the outcome
          claim is over (by a person)
========  ==============================  =========================================================
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from botocore.exceptions import ClientError

from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.batches.batch_item import BatchTakenError
from stream_ingest.contracts.errors import (
    ConflictError,
    DecodeError,
    PermanentError,
    TransientError,
    UserError,
)
from stream_ingest.intake.job_item import JobState, ReadFailure, key_of, new_item, read_state
from stream_ingest.intake.jobs import Job
from stream_ingest.push.chunks import Chunk

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

GIVEN_UP = "given up"
"""Outcome of a job that never began, because somebody has dropped its dead letter."""
CHUNKS_PREFIX = "processing/intake/"
_MISSING = frozenset({"NoSuchKey", "404", "AccessDenied", "403"})
"""S3 answers 403 for a missing object, because the intake may not list the temp bucket."""


class JobEndedError(PermanentError):
    """The job has ended."""


class JobClaimedError(PermanentError):
    """Another message has claimed the job."""


class JobHeldError(TransientError):
    """An earlier receipt of the same message may still work on the job, until `until_s`."""

    def __init__(self, batch_id: str, until_s: int) -> None:
        """`until_s` is in epoch seconds."""
        super().__init__(f"job {batch_id}: an earlier receipt of this message may still work on it")
        self.until_s = until_s


class JobStore:
    """Reads and writes the items of jobs."""

    def __init__(
        self,
        dynamodb: DynamoDBClient,
        table_name: str,
        s3: S3Client,
        temp_bucket: str,
        clock: Callable[[], float],
    ) -> None:
        """`clock` gives epoch seconds."""
        self._dynamodb, self._table = dynamodb, table_name
        self._s3, self._bucket, self._clock = s3, temp_bucket, clock

    def load(self, batch_id: str) -> JobState | None:
        """Return the state of a job, None for one that was never claimed."""
        item = self._item(batch_id)
        return read_state(item) if item else None

    def claim(self, job: Job, owner: str, until_s: int) -> JobState:
        """Claim a job until `until_s` (epoch s); create its item if there is none.

        Raises `JobEndedError` if there is nothing to do, `JobClaimedError` if another message has
        claimed it, `JobHeldError` if an earlier receipt of the same message may still work on it,
        and `BatchTakenError` if its batch id is another job's.
        """
        now_s = int(self._clock())
        claim = uuid4().hex
        item = new_item(job, owner, until_s, now_s, claim)
        try:
            with map_errors(f"claim job {job.batch_id}"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_wire(item),
                    ConditionExpression="attribute_not_exists(creator_name)",
                )
        except ConflictError:
            self._check_same(job)
            return self._reclaim(job.batch_id, owner, until_s, claim)
        return read_state(item)

    def _check_same(self, job: Job) -> None:
        """Raise `BatchTakenError` if the item is that of another file or request."""
        known = self.load(job.batch_id)
        if known is not None and known.job.owner != job.owner:
            msg = (
                f"batch_id: {job.batch_id!r} is another batch already, from"
                f" {known.job.object.uri}; choose another"
            )
            raise BatchTakenError(msg)

    def record_chunk(
        self, batch_id: str, owner: str, number: int, chunk: Chunk, failure: ReadFailure | None
    ) -> None:
        """Record chunk `number` (from 1); `ConflictError` if the claim is another owner's."""
        with map_errors(f"store a chunk of {batch_id}"):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=_chunk_key(batch_id, number),
                Body=msgspec.msgpack.encode(chunk),
            )
        position, line, *_ = chunk.cursor or (None, None)
        self._update(
            batch_id,
            "SET chunks = :number, #position = :position, line = :line, trouble = :trouble",
            {
                ":number": number,
                ":position": position,
                ":line": line,
                ":trouble": msgspec.to_builtins(failure),
                ":before": number - 1,
                ":owner": owner,
            },
            "holder = :owner AND chunks = :before",
            {"#position": "position"},
        )

    def chunk(self, state: JobState) -> Chunk | None:
        """Return the chunk that was recorded last, None if there is none.

        Raises `UserError` if it has expired: its rows may have arrived, and cannot be sent again.
        """
        if not state.chunks:
            return None
        batch_id = state.job.batch_id
        key = _chunk_key(batch_id, state.chunks)
        try:
            with map_errors(f"read {key}"):
                data = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            msg = (
                f"batch {batch_id!r} stopped so long ago that what it sent last has expired; end it"
                f" (stream-ingest abandon {batch_id}) and send the file again"
            )
            raise UserError(msg) from error
        try:
            return msgspec.msgpack.decode(data, type=Chunk)
        except (msgspec.DecodeError, UnicodeError) as error:
            msg = f"{key}: {error}"
            raise DecodeError(msg) from error

    def release(self, batch_id: str, owner: str) -> None:
        """End the claim, so that the next message can claim the job. Calling twice is safe."""
        self._update(
            batch_id,
            "SET held_until = :now",
            {":now": 0, ":owner": owner},
            "holder = :owner",
        )

    def end(self, batch_id: str, owner: str, outcome: str) -> None:
        """Record that nothing is left to do. Calling twice is safe."""
        self._update(
            batch_id,
            "SET phase = :ended, outcome = :outcome, held_until = :now",
            {":ended": "ended", ":outcome": outcome, ":now": 0, ":owner": owner},
            "holder = :owner",
        )

    def give_up(self, job: Job) -> None:
        """End a job that nobody works on, so that neither sweeper nor message starts its file.

        Calling twice is safe.
        """
        now_s = int(self._clock())
        ended = {"phase": "ended", "outcome": GIVEN_UP}
        try:
            with map_errors(f"give up job {job.batch_id}"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_wire({**new_item(job, "", 0, now_s), **ended}),
                    ConditionExpression="attribute_not_exists(creator_name)",
                )
        except ConflictError:
            with suppress(ConflictError):  # it has ended, or somebody works on it again
                self._update(
                    job.batch_id,
                    "SET phase = :ended, outcome = :outcome",
                    {":ended": "ended", ":outcome": GIVEN_UP, ":reading": "reading", ":now": now_s},
                    "phase = :reading AND held_until <= :now",
                )

    def _reclaim(self, batch_id: str, owner: str, until_s: int, claim: str) -> JobState:
        try:
            return read_state(
                self._update(
                    batch_id,
                    "SET holder = :owner, held_until = :until, claim = :claim",
                    {
                        ":owner": owner,
                        ":until": until_s,
                        ":claim": claim,
                        ":now": int(self._clock()),
                        ":reading": "reading",
                    },
                    "phase = :reading AND held_until <= :now",
                )
            )
        except ConflictError as error:
            item = self._item(batch_id)
            if item["phase"] == "ended":
                raise JobEndedError(batch_id) from error
            if item.get("claim") == claim:
                return read_state(item)
            if item["holder"] != owner:
                raise JobClaimedError(batch_id) from error
            raise JobHeldError(batch_id, int(item["held_until"])) from error

    def _item(self, batch_id: str) -> Item:
        with map_errors(f"load job {batch_id}"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=to_wire(key_of(batch_id)), ConsistentRead=True
            )
        return from_wire(answer.get("Item", {}))

    def _update(
        self,
        batch_id: str,
        update: str,
        values: Item,
        condition: str,
        names: dict[str, str] | None = None,
    ) -> Item:
        request: Any = {
            "TableName": self._table,
            "Key": to_wire(key_of(batch_id)),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {k: _value(v) for k, v in values.items()},
            "ReturnValues": "ALL_NEW",
            **({"ExpressionAttributeNames": names} if names else {}),
        }
        with map_errors(f"update job {batch_id}"):
            return from_wire(self._dynamodb.update_item(**request)["Attributes"])


def _chunk_key(batch_id: str, number: int) -> str:
    return f"{CHUNKS_PREFIX}{batch_id}/{number:06d}.chunk"


def _value(value: object) -> Any:  # noqa: ANN401 - a value in DynamoDB's typed form
    return {"NULL": True} if value is None else to_wire({"v": value})["v"]
