"""Ends a batch whose push will not come back. Edge (STS, DynamoDB, Kinesis).

The batch's status comes first: from then on its producer is refused. Then an end mark follows all
that the producer has sent into each bucket, as at a normal end. When the marks are folded, so is
every row before them, and the sweeper counts the batch, closes the windows that end with it, and
ends it as ``abandoned``. Calling this again sends the marks again, which changes nothing.

A record that reaches the stream after the marks (its request was under way) is folded as any other:
its rows are in windows, and not in the figures of the batch if they are final by then.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws import clients
from stream_ingest.aws.stack import stack_outputs
from stream_ingest.batches.batch_id import check_batch_id
from stream_ingest.batches.progress import Batch
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import BatchSettings
from stream_ingest.contracts.stack_outputs import StackOutputs
from stream_ingest.push.checkpoint import discarding
from stream_ingest.push.producer import KinesisProducer
from stream_ingest.push.runner import registry_of
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.packer import OutgoingRecord, Packer

if TYPE_CHECKING:
    from types_aiobotocore_kinesis import KinesisClient


def abandon(batch_id: str, stack: str) -> Batch:
    """Abandon a batch of a stack and return it; its checkpoint on this machine is deleted.

    Raises `NotFoundError` for an unknown batch, and `UserError` if it has ended, was abandoned, or
    is being pushed by a process of this machine. Safe to call again if it fails.
    """
    check_batch_id(batch_id)
    outputs = stack_outputs(stack)
    with discarding(batch_id, outputs.stack):
        return abandon_in(outputs, batch_id, _caller())


def abandon_in(outputs: StackOutputs, batch_id: str, by: str) -> Batch:
    """Abandon a batch whatever checkpoint there is of it; raises as `abandon`."""
    batch = registry_of(outputs).abandon(batch_id, by)
    asyncio.run(_send_marks(batch, outputs))
    return batch


def header_of(batch: Batch) -> BatchHeader:
    """Return the header of a batch's records; raises `UserError` for those of a newer release."""
    try:
        settings = msgspec.json.decode(batch.settings, type=BatchSettings)
    except msgspec.DecodeError as error:
        msg = (
            f"batch {batch.batch_id!r} has settings that this release does not know ({error}):"
            " abandon it with the release that pushed it"
        )
        raise UserError(msg) from error
    return BatchHeader(batch_id=batch.batch_id, trigger=batch.trigger, settings=settings)


def _caller() -> str:
    """Return the ARN of the user or role with whose credentials this runs."""
    answer = clients.session().client("sts", config=clients.CONFIG).get_caller_identity()
    return str(answer["Arn"])


async def _send_marks(batch: Batch, outputs: StackOutputs) -> None:
    region = clients.region() or outputs.region
    async with clients.async_session().create_client(
        "kinesis", region_name=region, config=clients.async_config()
    ) as kinesis:
        await send_marks(kinesis, outputs.stream_name, batch)


async def send_marks(kinesis: KinesisClient, stream: str, batch: Batch) -> None:
    """Send the end marks of an abandoned batch, after all that its producer has sent."""
    producer = KinesisProducer(kinesis, stream, accepted=_ignore)
    try:
        for mark in Packer(header_of(batch)).end_abandoned():
            await producer.put(mark)
        await producer.drain()
    finally:
        await producer.stop()


def _ignore(_: OutgoingRecord) -> None:
    """Count nothing: end marks have no rows."""
