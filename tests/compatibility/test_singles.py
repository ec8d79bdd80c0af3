"""What commands and the intake of each generation stored is read with the right meaning."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
from moto import mock_aws

from stream_ingest.aws.stack import load_stack
from stream_ingest.batches.registry import BatchRegistry, Totals
from stream_ingest.contracts.levels import LevelError
from stream_ingest.contracts.settings import BatchSettings, CollageLayout, FlushPolicy
from stream_ingest.contracts.stack_outputs import parameter_name
from stream_ingest.intake.job_item import ReadFailure
from stream_ingest.intake.job_store import JobStore
from stream_ingest.intake.jobs import Continuation, decode_body
from stream_ingest.push.checkpoint import Checkpoint
from stream_ingest.push.chunks import Chunk
from stream_ingest.push.marks import KeyMark, Mark
from stream_ingest.push.watermark import PushWatermark
from stream_ingest.records.codec import BatchHeader, unpack
from stream_ingest.sources.mysql.address import MySqlAddress
from tests.compatibility.generations import GENERATIONS, HISTORY, UNRELEASED, recorded
from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.ingest.aws import TABLE, TEMP, create_table
from tests.fakes.ingest.clock import Clock
from tests.faults.harness.aws.dynamodb import FakeDynamoDb
from tests.faults.harness.aws.s3 import FakeS3

UNTIL = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
FITTED = {"1": False, "2": False}
"""Whether rows are fitted and images packed: layouts had no such fields then."""
OWNERS = {"1": "", "2": "", "3": ""}
"""Plans had no owner then."""


def header(generation: str) -> BatchHeader:
    fits = FITTED.get(generation, True)
    settings = BatchSettings(
        layout=CollageLayout(rows=3, cols=4, quality=80, fit_rows=fits, pack=fits),
        images_per_window=12,
        flush=FlushPolicy(kind="batch-end"),
        prefix="spring/sale",
        dedup=False,
    )
    return BatchHeader(batch_id="batch-x", trigger="mysql-push", settings=settings)


def check_chunk(chunk: Chunk | None, generation: str) -> None:
    assert chunk is not None
    assert (chunk.cursor, chunk.refused_parts, chunk.ends) == ((17, 5), 2, False)
    assert chunk.totals == Totals(rows_read=5, rows_sent=4, refused={"bad_url": 1})
    assert chunk.rows_again == (0 if generation in {"1", "2"} else 1)
    (sent,) = chunk.records
    assert (sent.bucket, sent.number, sent.rows) == (7, 3, 1)
    record = unpack(sent.data)
    assert (record.batch, record.creators) == (header(generation), ("ann",))
    assert [row.url for row in record.rows] == ["https://example.com/1.jpg"]


@contextmanager
def resumed(
    generation: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Checkpoint, Chunk | None]]:
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    path = folder / "coverstream" / "push" / "batch-x.push"
    path.parent.mkdir(parents=True)
    path.write_bytes(base64.b64decode(recorded(generation, "single")["checkpoint"]))
    checkpoint, chunk = Checkpoint.resume("batch-x")
    with checkpoint:
        yield checkpoint, chunk


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_checkpoint_is_resumed_with_the_plan_of_then(
    generation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with resumed(generation, tmp_path, monkeypatch) as (checkpoint, chunk):
        plan = checkpoint.plan
    assert plan.header == header(generation)
    assert (plan.stack, plan.place, plan.table) == ("dev", "db:3306/shop", "covers")
    assert (plan.columns, plan.creators) == ("creator,cover,at", ("ann",))
    assert (plan.since, plan.until, plan.ends_at) == ("last_push", None, UNTIL.isoformat())
    assert plan.owner == OWNERS.get(generation, "owner-of-batch-x")
    assert plan.moves is (None if generation in {"1", "2"} else True)
    assert plan.late_after == (None if generation in {"1", "2"} else 40)
    check_chunk(chunk, generation)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_batch_of_a_checkpoint_of_then_is_its_own(
    generation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its item has the settings as they were encoded then, and an owner that no plan knows."""
    dynamodb: Any = FakeDynamoDb()
    create_table(dynamodb)
    registry = BatchRegistry(dynamodb, TABLE, Clock())
    with resumed(generation, tmp_path, monkeypatch) as (checkpoint, _):
        plan = checkpoint.plan
    registry.register(plan.header, plan.source, owner=plan.owner)
    ((key, item),) = dynamodb.items.items()
    job = msgspec.json.decode(recorded(generation, "single")["intake"]["item"]["job"]["S"])
    item["settings"] = {"S": msgspec.json.encode(job["header"]["settings"]).decode()}
    if generation in {"1", "2"}:
        del item["source"]
    dynamodb.items[key] = item
    registry.register(plan.header, plan.source, owner=plan.owner)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_watermark_of_a_table_is_where_it_was(generation: str) -> None:
    dynamodb: Any = FakeDynamoDb()
    create_table(dynamodb)
    item = HISTORY.untyped(recorded(generation, "single")["watermark"])
    dynamodb.put_item(TableName=TABLE, Item=item)
    address = MySqlAddress(host="db", port=3306, user="u", password="", database="shop")
    keys = () if generation in {"1", "2"} else (KeyMark(at=UNTIL, key=99),)
    zone = "Europe/Berlin" if generation == UNRELEASED else None
    found = PushWatermark(dynamodb, TABLE, address, "covers").load()
    assert found == Mark(until=UNTIL, keys=keys, timezone=zone)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_job_is_continued_by_its_item_its_chunk_and_its_message(generation: str) -> None:
    intake = recorded(generation, "single")["intake"]
    dynamodb: Any = FakeDynamoDb()
    s3: Any = FakeS3(TEMP)
    create_table(dynamodb)
    dynamodb.put_item(TableName=TABLE, Item=HISTORY.untyped(intake["item"]))
    key, chunk = "processing/intake/batch-x/000001.chunk", base64.b64decode(intake["chunk"])
    s3.put_object(Bucket=TEMP, Key=key, Body=chunk)
    clock = Clock()
    store = JobStore(dynamodb, TABLE, s3, TEMP, clock)
    clock.advance(601)  # the claim of then is over
    job = msgspec.convert(decode_body(intake["continuation"]), Continuation).job
    state = store.claim(job, "message-2", int(clock()) + 600)
    assert (state.started_at, state.chunks) == (1_794_000_000, 1)
    assert state.failure == ReadFailure(line=6, reason="a quote that never closes")
    assert state.job == job
    assert (job.header, job.moves, job.ignored) == (header(generation), True, {"colour": 1})
    assert job.object.uri == "s3://input/csv-files/a b.csv?versionId=v1"
    assert job.notes == (() if generation in {"1", "2"} else ("a note",))
    check_chunk(store.chunk(state), generation)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_stack_is_used_or_has_to_be_deployed(
    generation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_aws_variables(monkeypatch)
    with mock_aws():
        ssm = boto3.client("ssm")
        value = recorded(generation, "single")["outputs"]
        ssm.put_parameter(Name=parameter_name("dev"), Value=value, Type="String")
        if generation == UNRELEASED:
            outputs = load_stack(ssm, "dev")
            assert (outputs.stream_name, outputs.prefetch_covers) == ("stream", True)
            assert outputs.collage_memory_mb == 1_769
            return
        with pytest.raises(LevelError, match="level 0; this command needs contract level 1: dep"):
            load_stack(ssm, "dev")
