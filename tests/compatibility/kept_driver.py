"""Writes what is stored about the table as a whole, its unreadable items, and beside batches.

``python kept_driver.py AFTER`` writes JSON with the items, the event and the documents below, made
by the code in the working directory. The commits of generations 1 to 3 have no such code.
"""

# ruff: noqa: SLF001 - the item of deferred rows is not public

from __future__ import annotations

import sys
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path.cwd()), str(Path.cwd() / "pulumi"), str(Path(__file__).parent)]

import msgspec
from history_driver import dump, typed

from collage_lambda.assembly.content_memory import ContentMemory
from ops_dashboard.inspect.discards import Discards
from ops_dashboard.inspect.refused_rows import identified
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.runs.run import ChosenWindow, Kind, Run, Span, State
from ops_dashboard.recovery.runs.store import RunStore
from stream_ingest.aws.items import to_wire
from stream_ingest.contracts import stack_parts
from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.contracts.events import FileRejected
from stream_ingest.intake.unread.position import Position, PositionStore
from stream_ingest.records.rows import RefusalReason, RowRefusal
from stream_ingest.windowing.unreadable.deferred_record import encode_rows
from stream_ingest.windowing.unreadable.deferred_rows import DeferredRows
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList
from tests.fakes.collage.events import window_image, window_ready
from tests.fakes.ingest.aws import TABLE, create_table
from tests.fakes.ingest.clock import Clock
from tests.fakes.ingest.rows import arrivals, header
from tests.fakes.ingest.threads import InlineExecutor
from tests.faults.harness.aws.dynamodb import FakeDynamoDb

POSITION = Position(
    bucket="input",
    next_at=1_794_003_600,
    key="csv-files/m.csv",
    version="v7",
    deleted_at=1_793_999_000,
    youngest_at=1_794_000_240,
)
REJECTED = FileRejected(
    batch_id="csv-covers-1",
    trigger="s3-trigger",
    file="s3://input/csv-files/covers.csv",
    reason="line 3: a quote is opened and never closed",
    line=3,
    rows_read=2,
    refused={"bad_url": 2},
)
LETTER = DeadLetter(
    kind="intake",
    ref="0a1b2c3d4e",
    id="m-1",
    when="2026-11-29T10:00:00Z",
    why="s3_key: there is no object",
    tries=3,
    about="file s3://input/a.csv",
    batch_id="b-1",
    file="s3://input/a.csv",
    body='{"s3_key":"a.csv"}',
)
PARTS: dict[str, list[dict[str, Any]]] = {
    "functions": [{"name": "collage", "memory_mb": 1_769, "timeout_s": 120}],
    "queues": [{"name": "intake", "dead_letters": "intake-dead-letters", "max_receives": 3}],
}


RUN_AT = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
RUN = Run(
    name="replay-20261129T120000-000001",
    kind=Kind.REPLAY,
    about="2026-11-28 12:00 to 2026-11-29 12:00 UTC",
    owner="ana@laptop",
    state=State.CANCELLED,
    started_at=RUN_AT,
    updated_at=RUN_AT,
    archive=Span(start=RUN_AT - timedelta(days=1), end=RUN_AT),
    windows=3,
    sent=3,
    gone=1,
    by_status={"completed": 1},
    pending=[1],
    partial={1: {"kept": 1}},
    cancelled_by="ben@server",
    warning="The archive may lag by ten minutes.",
)
REFUSED_KEY = "failed/rows/batch-x/part-00001.jsonl"
REFUSED = RowRefusal(
    reason=RefusalReason.NO_URL, creator="ann", cover="{}", created_at="2026-11-28", detail="empty"
)
CHOSEN = ChosenWindow(
    window_id="ann:000001", status="partial", images_ok=34, completed_at="2026-11-28T12:30:00Z"
)


def items() -> list[Any]:
    """Return items of the table: position, unreadable item, deferred rows, known image, runs,
    discarded failures.
    """
    dynamodb: Any = FakeDynamoDb()
    create_table(dynamodb)
    clock = Clock()
    PositionStore(dynamodb, TABLE).save(POSITION)
    unreadable = UnreadableList(dynamodb, TABLE, clock)
    unreadable.add(UnreadableItemError("ann", "state", "format 9"))
    of_record = arrivals([1, 2], header("batch-x"), start=4)
    rows = DeferredRows(dynamodb, TABLE, unreadable, clock)
    item = rows._item("ann", 77, of_record, encode_rows(of_record))
    dynamodb.put_item(TableName=TABLE, Item=to_wire(item))
    memory = ContentMemory(dynamodb, TABLE, horizon_days=90, threads=InlineExecutor())
    memory.claim(window_ready([window_image("https://example.com/1.jpg")]), ["ab" * 32])
    store = RunStore(dynamodb, TABLE, lambda: RUN_AT)
    store.save(RUN)
    store.save_page(RUN.name, 0, [CHOSEN])
    ((row_id, _),) = identified(REFUSED_KEY, [REFUSED])
    Discards(dynamodb, TABLE, lambda: RUN_AT).add(["ann:000001"], [row_id])
    return [typed(each) for each in dynamodb.items.values()]


def write() -> dict[str, Any]:
    """Return all of it; documents as base64 of the stored bytes."""
    documents = {
        "rejected": msgspec.json.encode(REJECTED),
        "letter": msgspec.json.encode(LETTER),
        "parts": stack_parts.to_wire(PARTS).encode(),
    }
    return {
        "items": items(),
        "documents": {name: b64encode(data).decode() for name, data in documents.items()},
    }


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(dump(write()), encoding="utf-8")
