"""How far a job is, and who is at it. Edge (DynamoDB, S3).

One item a job, ``batch#<id>`` / ``intake``: the job, who holds it until when, and the last chunk
that was written down. The chunk's records are an object in the temp bucket, because they are some
megabytes: written first, pointed at by the item afterwards, sent last. Whoever takes a job up sends
that chunk again, byte for byte, and reads on from the position in it.

A holder is a message. Its invocation ends before the job is free again, so there is never more than
one at it. Of two messages for one job the second is let go while the first holds it: should the
first fail, it comes again itself. That is why a job is freed before the message that goes on with
it is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.aws.items import Item, from_wire, to_wire
from stream_ingest.batches.registry import BATCH_LIFE_S
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import ConflictError, PermanentError, TransientError
from stream_ingest.intake.jobs import Job, decode_job, encode_job
from stream_ingest.push.chunks import Chunk

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

CHUNKS_PREFIX = "processing/intake/"


class JobEndedError(PermanentError):
    """The job was done before."""


class JobClaimedError(PermanentError):
    """Another message is at the job; this one is not needed."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why a file could not be read to its end."""

    line: int
    """From 1; 0 where no line is at fault."""
    reason: str


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """How far a job is."""

    job: Job
    started_at: int
    """Epoch second of its first claim: the day under which its file is archived."""
    chunks: int = 0
    trouble: Trouble | None = None


class JobStore:
    """The items of all jobs."""

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
        """Return how far a job is, None for one that nobody has begun."""
        item = self._item(batch_id)
        return _standing(item) if item else None

    def claim(self, job: Job, holder: str, until_s: int) -> JobState:
        """Hold a job until `until_s`; a new one is written down.

        Raises `JobEndedError` and `JobClaimedError` where there is nothing to do, and
        `TransientError` where the very same message may still be at it.
        """
        now_s = int(self._clock())
        item = {
            **_key(job.batch_id),
            "job": encode_job(job),
            "phase": "reading",
            "started_at": now_s,
            "chunks": 0,
            "holder": holder,
            "held_until": until_s,
            table.TTL_ATTRIBUTE: now_s + BATCH_LIFE_S,
        }
        try:
            with map_errors(f"begin job {job.batch_id}"):
                self._dynamodb.put_item(
                    TableName=self._table,
                    Item=to_wire(item),
                    ConditionExpression="attribute_not_exists(creator_name)",
                )
        except ConflictError:
            return self._take_up(job.batch_id, holder, until_s, now_s)
        return _standing(item)

    def note_chunk(
        self, batch_id: str, holder: str, number: int, chunk: Chunk, trouble: Trouble | None
    ) -> None:
        """Write down chunk `number` (from 1); `ConflictError` where the job is not the holder's."""
        with map_errors(f"keep a chunk of {batch_id}"):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=_chunk_key(batch_id, number),
                Body=msgspec.msgpack.encode(chunk),
            )
        position, line = chunk.cursor or (None, None)
        self._update(
            batch_id,
            "SET chunks = :number, #position = :position, line = :line, trouble = :trouble",
            {
                ":number": number,
                ":position": position,
                ":line": line,
                ":trouble": msgspec.to_builtins(trouble),
                ":before": number - 1,
                ":holder": holder,
            },
            "holder = :holder AND chunks = :before",
            {"#position": "position"},
        )

    def chunk(self, standing: JobState) -> Chunk | None:
        """Return the chunk that was written down last, None where there is none."""
        if not standing.chunks:
            return None
        key = _chunk_key(standing.job.batch_id, standing.chunks)
        with map_errors(f"read {key}"):
            data = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return msgspec.msgpack.decode(data, type=Chunk)

    def let_go(self, batch_id: str, holder: str) -> None:
        """Let the next message take the job up at once; calling it twice is safe."""
        self._update(
            batch_id,
            "SET held_until = :now",
            {":now": 0, ":holder": holder},
            "holder = :holder",
        )

    def end(self, batch_id: str, holder: str, outcome: str) -> None:
        """Note that nothing is left to do; calling it twice is safe."""
        self._update(
            batch_id,
            "SET phase = :ended, outcome = :outcome, held_until = :now",
            {":ended": "ended", ":outcome": outcome, ":now": 0, ":holder": holder},
            "holder = :holder",
        )

    def _take_up(self, batch_id: str, holder: str, until_s: int, now_s: int) -> JobState:
        try:
            return _standing(
                self._update(
                    batch_id,
                    "SET holder = :holder, held_until = :until",
                    {
                        ":holder": holder,
                        ":until": until_s,
                        ":now": now_s,
                        ":reading": "reading",
                    },
                    "phase = :reading AND held_until <= :now",
                )
            )
        except ConflictError as error:
            item = self._item(batch_id)
            if item["phase"] == "ended":
                raise JobEndedError(batch_id) from error
            if item["holder"] != holder:
                raise JobClaimedError(batch_id) from error
            msg = f"job {batch_id}: an earlier receipt of this message may still be at it"
            raise TransientError(msg) from error

    def _item(self, batch_id: str) -> Item:
        with map_errors(f"load job {batch_id}"):
            answer = self._dynamodb.get_item(
                TableName=self._table, Key=to_wire(_key(batch_id)), ConsistentRead=True
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
            "Key": to_wire(_key(batch_id)),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": {k: _value(v) for k, v in values.items()},
            "ReturnValues": "ALL_NEW",
            **({"ExpressionAttributeNames": names} if names else {}),
        }
        with map_errors(f"update job {batch_id}"):
            return from_wire(self._dynamodb.update_item(**request)["Attributes"])


def _key(batch_id: str) -> Item:
    return {table.PARTITION_KEY: table.batch_partition(batch_id), table.SORT_KEY: table.INTAKE}


def _chunk_key(batch_id: str, number: int) -> str:
    return f"{CHUNKS_PREFIX}{batch_id}/{number:06d}.chunk"


def _value(value: object) -> Any:  # noqa: ANN401 - a value in DynamoDB's typed form
    return {"NULL": True} if value is None else to_wire({"v": value})["v"]


def _standing(item: Item) -> JobState:
    trouble = item.get("trouble")
    return JobState(
        job=decode_job(item["job"]),
        started_at=int(item["started_at"]),
        chunks=int(item["chunks"]),
        trouble=Trouble(line=int(trouble["line"]), reason=trouble["reason"]) if trouble else None,
    )
