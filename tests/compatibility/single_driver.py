"""Writes what commands and the intake store, with the code in the working directory.

``python single_driver.py AFTER`` writes JSON with a push's checkpoint, the watermark of a table, an
intake's job, chunk and continuation, and a stack's outputs. As `history_driver`, it runs in a
checkout of any commit since `tests/faults/harness` exists: values for fields that the commit does
not have are left out.
"""

# ruff: noqa: SLF001, ANN401, PLC0415 - commits differ in what there is, and where

from __future__ import annotations

import os
import sys
import tempfile
from base64 import b64encode
from datetime import UTC, datetime
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path.cwd()), str(Path(__file__).parent)]

import msgspec
from history_driver import dump, typed

from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.settings import BatchSettings, CollageLayout, FlushPolicy
from stream_ingest.intake import jobs
from stream_ingest.intake.job_store import JobStore
from stream_ingest.push import checkpoint as checkpoints
from stream_ingest.push.chunks import Chunk
from stream_ingest.push.watermark import PushWatermark
from stream_ingest.records.codec import BatchHeader, PackedRecord, PackedRow, pack
from stream_ingest.records.packer import OutgoingRecord
from tests.fakes.ingest.aws import TABLE, TEMP, create_table
from tests.fakes.ingest.clock import Clock
from tests.fakes.ops.stack_outputs import stack_outputs
from tests.faults.harness.aws.dynamodb import FakeDynamoDb
from tests.faults.harness.aws.s3 import FakeS3

ReadFailure: Any = import_module(
    "stream_ingest.intake.job_store"
).ReadFailure  # today imported there
BATCH = "batch-x"
UNTIL = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


def some(kind: Any, **values: object) -> Any:
    """Return an object of `kind` with the values of the fields or arguments that it has."""
    names = getattr(kind, "__struct_fields__", None) or signature(kind).parameters
    return kind(**{name: value for name, value in values.items() if name in names})


SETTINGS = some(
    BatchSettings,
    layout=some(CollageLayout, rows=3, cols=4, quality=80, fit_rows=True, pack=True),
    images_per_window=12,
    flush=FlushPolicy(kind="batch-end"),
    prefix="spring/sale",
    dedup=False,
)
HEADER = BatchHeader(batch_id=BATCH, trigger="mysql-push", settings=SETTINGS)


def chunk() -> Chunk:
    """Return a chunk of one record with one row."""
    row = PackedRow(creator=0, url="https://example.com/1.jpg", created_at_ms=1_790_000_000_001)
    record = PackedRecord(batch=HEADER, bucket=7, number=3, creators=("ann",), rows=(row,))
    sent = OutgoingRecord(bucket=7, number=3, data=pack(record), rows=1)
    numbers = tuple(4 if bucket == 7 else 0 for bucket in range(8))
    totals = Totals(rows_read=5, rows_sent=4, refused={"bad_url": 1})
    return some(
        Chunk,
        records=(sent,),
        numbers=numbers,
        cursor=(17, 5),
        totals=totals,
        refused_parts=2,
        rows_again=1,
    )


def checkpoint() -> str:
    """Return the bytes of a push's checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        plan = some(
            checkpoints.PushPlan,
            header=HEADER,
            stack="dev",
            place="db:3306/shop",
            table="covers",
            csv=None,
            csv_stamp=None,
            columns="creator,cover,at",
            creators=("ann",),
            since="last_push",
            until=None,
            ends_at=UNTIL.isoformat(),
            moves=True,
            late_after=40,
            read_before="2026-11-19T12:30:00+00:00",
            read_key=99,
            owner="owner-of-batch-x",
        )
        with checkpoints.Checkpoint.start(plan) as file:
            file.write(chunk())
            return b64encode(file._path.read_bytes()).decode()


def watermark() -> Any:
    """Return the item of the watermark of a table."""
    dynamodb: Any = FakeDynamoDb()
    create_table(dynamodb)
    mark = PushWatermark(dynamodb, TABLE, address(), "covers")
    keys: Any = ()
    if "keys" in signature(mark.advance).parameters:
        from stream_ingest.push.marks import KeyMark

        keys = (KeyMark(at=UNTIL, key=99),)
    some(mark.advance, until=UNTIL, batch_id=BATCH, keys=keys, timezone="Europe/Berlin")
    return typed(next(iter(dynamodb.items.values())))


def address() -> Any:
    """Return the address of a database."""
    try:
        module = import_module("stream_ingest.sources.mysql.address")
    except ImportError:
        module = import_module("stream_ingest.sources.mysql_connection")
    return module.MySqlAddress(host="db", port=3306, user="reader", password="", database="shop")


def intake() -> dict[str, Any]:
    """Return the item of a job, its chunk, and the message that continues it."""
    dynamodb: Any = FakeDynamoDb()
    s3: Any = FakeS3(TEMP)
    create_table(dynamodb)
    store = JobStore(dynamodb, TABLE, s3, TEMP, Clock())
    job = some(
        jobs.Job,
        object=jobs.ObjectId(bucket="input", key="csv-files/a b.csv", etag='"e"', version="v1"),
        header=HEADER,
        moves=True,
        ignored={"colour": 1},
        asked={"colour": 1},
        requested="d1",
        notes=("a note",),
    )
    store.claim(job, "message-1", 1_794_000_600)
    failure = ReadFailure(line=6, reason="a quote that never closes")
    store.record_chunk(BATCH, "message-1", 1, chunk(), failure)
    ((_, item),) = dynamodb.items.items()
    ((versions),) = s3.versions.values()
    return {
        "item": typed(item),
        "chunk": b64encode(versions[-1].body).decode(),
        "continuation": jobs.encode_continuation(job),
    }


def outputs() -> str:
    """Return the value of the parameter with a stack's outputs."""
    return msgspec.json.encode(stack_outputs()).decode()


def write() -> dict[str, Any]:
    """Return all of it."""
    return {
        "checkpoint": checkpoint(),
        "watermark": watermark(),
        "intake": intake(),
        "outputs": outputs(),
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(dump(write()), encoding="utf-8")
