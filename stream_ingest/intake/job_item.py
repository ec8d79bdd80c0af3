"""The item of a job, as it is stored. Pure."""

from __future__ import annotations

import msgspec

from stream_ingest.aws.items import Item
from stream_ingest.batches.batch_item import BATCH_LIFE_S
from stream_ingest.contracts import table
from stream_ingest.contracts.formats import check_format
from stream_ingest.intake.jobs import Job, decode_job, encode_job


class ReadFailure(msgspec.Struct, frozen=True, kw_only=True):
    """Why a file could not be read to its end."""

    line: int
    """From 1; 0 if no line is at fault."""
    reason: str


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """What a job's item says of its progress."""

    job: Job
    started_at: int
    """Epoch second of its first claim, or of when the sweeper found its file, which is archived
    under that day."""
    chunks: int = 0
    failure: ReadFailure | None = None
    """Why reading ended early, None if it did not (yet)."""


def key_of(batch_id: str) -> Item:
    """Return the key of a job's item."""
    return {table.PARTITION_KEY: table.batch_partition(batch_id), table.SORT_KEY: table.INTAKE}


def new_item(job: Job, holder: str, until_s: int, now_s: int, claim: str | None = None) -> Item:
    """Return the item of a job that begins at `now_s`, claimed by `holder` until `until_s`.

    `claim` is the id of the claim, None without one.
    """
    return {
        **key_of(job.batch_id),
        "job": encode_job(job),
        "phase": "reading",
        "started_at": now_s,
        "chunks": 0,
        "holder": holder,
        "held_until": until_s,
        "claim": claim,
        table.TTL_ATTRIBUTE: now_s + BATCH_LIFE_S,
    }


def read_state(item: Item) -> JobState:
    """Return the state in an item; raises `DecodeError` for one of a newer release."""
    check_format(item)
    failure = item.get("trouble")
    return JobState(
        job=decode_job(item["job"]),
        started_at=int(item["started_at"]),
        chunks=int(item["chunks"]),
        failure=ReadFailure(line=int(failure["line"]), reason=failure["reason"])
        if failure
        else None,
    )
