"""The lists of attributes are exactly what the functions' updates name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from components.security.policies import items_of, update

from collage_lambda.assembly.content_memory import ContentMemory
from collage_lambda.assembly.placeholders import Placeholders
from collage_lambda.lease import Lease, WindowLeases
from collage_lambda.outcomes import WindowEnd
from collage_lambda.prefetch.pack_store import PackStore
from stream_ingest.aws.items import to_wire
from stream_ingest.batches.batch_item import new_item
from stream_ingest.batches.progress import Batch, Counted
from stream_ingest.batches.registry import BatchRegistry, Totals
from stream_ingest.batches.timeouts import BatchTimeouts
from stream_ingest.contracts import item_writes, table, window_lifecycle
from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.contracts.events import PrefetchedCover
from stream_ingest.contracts.item_writes import Partitions, Updates
from stream_ingest.contracts.naming import creator_key
from stream_ingest.contracts.settings import BatchSettings
from stream_ingest.contracts.table import WindowStatus
from stream_ingest.intake.job_store import JobStore
from stream_ingest.intake.jobs import encode_job, job_of
from stream_ingest.push.chunks import Chunk
from stream_ingest.records.codec import BatchHeader
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.closing import Change
from stream_ingest.windowing.rules.state import CreatorState, Tally
from stream_ingest.windowing.unreadable.deferred_rows import DeferredRows
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableList
from stream_ingest.windowing.window_repository import WindowRepository
from tests.fakes.collage.events import window_image, window_ready
from tests.fakes.iam.conditions import hold
from tests.fakes.iam.requests import Authorization, authorizations
from tests.fakes.ingest.aws import TABLE, TEMP
from tests.fakes.ingest.clock import Clock
from tests.fakes.ingest.threads import InlineExecutor
from tests.fakes.intake_aws import announced_upload

DynamoDb = Any
"""A boto3 client, or what behaves like one."""
WINDOW = "ann:000001"
EVENT = window_ready([window_image("http://a/b")], creator="ann")
THREADS, CLOCK = InlineExecutor(), Clock()
COUNTED = Counted(accepted=1, final=True)
TOTALS = Totals(rows_read=1, refused={"expired": 1})
LEASE = Lease(window_id=WINDOW, owner="me", until_s=0, attempt=1, replay="r", images_before=1)
END = WindowEnd(
    status=WindowStatus.PARTIAL,
    images_ok=1,
    images_failed=1,
    failures={"expired": 1},
    completed_at="2026-11-21T00:00:00Z",
    duration_ms=1,
    error="x",
)


HEADER = BatchHeader(batch_id="b1", trigger="csv", settings=BatchSettings())
LONG_AGO = "2020-01-01T00:00:00Z"
SENDING = Batch(
    batch_id="b1", trigger="csv", status="sending", flush="never", started_at=LONG_AGO, buckets=8
)
SENT = msgspec.structs.replace(SENDING, status="sent")
CHUNK = Chunk(records=(), numbers=(), cursor=None, totals=TOTALS, refused_parts=0)
JOB = job_of(
    announced_upload(
        {
            "version": "0",
            "bucket": {"name": "input"},
            "object": {"key": "csv-files/a.csv", "size": 1, "etag": "x", "sequencer": "1"},
        }
    ),
    is_own=True,
)
assert JOB is not None
BATCH = new_item(HEADER, None, (), "me", 1)
FOUND = {
    "buckets": 8,
    "waiting": {1},
    "creators": {"a", "b"},
}
JOB_ITEM = {"job": encode_job(JOB), "started_at": 1, "chunks": 1}


class Recorded:
    """A client of DynamoDB that answers every update alike, and keeps what it needs."""

    def __init__(self) -> None:
        self.needed: list[Authorization] = []

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        def call(**request: Any) -> dict[str, Any]:  # noqa: ANN401 - of any operation
            self.needed += authorizations("dynamodb", operation, request)
            of_job = request.get("Key", {}).get("item") == {"S": table.INTAKE}
            return {"Attributes": to_wire({**FOUND, **(JOB_ITEM if of_job else BATCH)})}

        return call

    def put_object(self, **_: object) -> dict[str, str]:
        """Answer as S3 does."""
        return {"ETag": "x"}


def queue(client: DynamoDb) -> None:
    WindowRepository(client, TABLE).move(WINDOW, window_lifecycle.queue(1))


def spill(client: DynamoDb) -> None:
    state = CreatorState(creator="ann")
    spilled = {"b0": Tally(accepted=1, duplicates=1, windows=1, blocked=1)}
    change = Change(state=state, windows=(), spilled=spilled)
    CreatorRepository(client, TABLE).commit(state, change, 1)


def registry(client: DynamoDb) -> BatchRegistry:
    return BatchRegistry(client, TABLE, CLOCK)


def fold_batches(client: DynamoDb) -> None:
    spill(client)
    registry(client).record_drained("b1", {1})


def mark_states(client: DynamoDb) -> None:
    rows = DeferredRows(client, TABLE, UnreadableList(client, TABLE, CLOCK), CLOCK)
    client.transact_write_items(TransactItems=[{"Update": rows._mark("ann", counts=True)}])  # noqa: SLF001 - without rows
    list_unreadable(client)


def list_unreadable(client: DynamoDb) -> None:
    UnreadableList(client, TABLE, CLOCK).add(UnreadableItemError("ann", "state", "x"))


def sweep_windows(client: DynamoDb) -> None:
    windows = WindowRepository(client, TABLE)
    queue(client)
    windows.move(
        WINDOW,
        window_lifecycle.abandon(
            seen=("ready", "queued"),
            attempts=1,
            reason="x",
            failures={},
            images_failed=1,
            completed_at="x",
        ),
    )
    windows.move(WINDOW, window_lifecycle.fail_unreadable(reason="x", completed_at="x"))
    windows.move(
        WINDOW,
        window_lifecycle.restore(seen=("ready", "queued"), attempts=1, status=WindowStatus.PARTIAL),
    )


def sweep_batches(client: DynamoDb) -> None:
    spill(client)
    registry(client).move("b1", "sent", "ended")
    registry(client).record_count("b1", COUNTED)
    times = BatchTimeouts(client, TABLE, CLOCK, delivery_s=1)
    for batch in (SENT, msgspec.structs.replace(SENT, sent_at=LONG_AGO)):
        times.apply(batch)
    times._abandon("b1", LONG_AGO)  # noqa: SLF001 - which batches are silent is not the matter here


def build_windows(client: DynamoDb) -> None:
    windows, leases = WindowRepository(client, TABLE), WindowLeases(client, TABLE, CLOCK)
    claim = window_lifecycle.claim(
        EVENT, owner="me", now_s=1, until_s=2, date="2026-11-21", replay="r"
    )
    windows.move(WINDOW, claim)
    leases.finish(LEASE, END)
    leases.keep_collage(LEASE, 2, "worse")
    leases.release(LEASE)


def check_erasures(client: DynamoDb) -> None:
    move = window_lifecycle.claim_absent(EVENT, owner="me", until_s=2, date="2026-11-21")
    WindowRepository(client, TABLE).create(WINDOW, move, 1)


def show_contents(client: DynamoDb) -> None:
    ContentMemory(client, TABLE, horizon_days=1, threads=THREADS).claim(EVENT, ["00"])


def count_repeats(client: DynamoDb) -> None:
    repeats = Placeholders(client, TABLE, horizon_days=1, clock=CLOCK)
    repeats._count("00", {"a"})  # noqa: SLF001 - what recognises an image is not the matter here
    repeats._update("00", "SET recognised_at = :now", {":now": 1})  # noqa: SLF001 - as above


def release_packs(client: DynamoDb) -> None:
    cover = PrefetchedCover(
        pack="prefetched/a.zip", member=0, offset=0, length=1, sha256="", until=1
    )
    PackStore(client, TEMP, client, TABLE).release_pack([cover])


def send_batches(client: DynamoDb) -> None:
    registry(client).record_totals("b1", TOTALS, sent=True, remarks=["x"], rejected="x")
    jobs = JobStore(client, TABLE, client, TEMP, CLOCK)
    jobs._reclaim("b1", "me", 2, 1)  # noqa: SLF001 - only a claim that met another gets here
    jobs.record_chunk("b1", "me", 1, CHUNK, None)
    jobs.release("b1", "me")
    jobs.end("b1", "me", "sent")


WRITERS: dict[str, tuple[Updates, Callable[[DynamoDb], None]]] = {
    "QUEUED_WINDOWS": (item_writes.QUEUED_WINDOWS, queue),
    "FOLDED_BATCHES": (item_writes.FOLDED_BATCHES, fold_batches),
    "MARKED_STATES": (item_writes.MARKED_STATES, mark_states),
    "UNREADABLE_ITEMS": (item_writes.UNREADABLE_ITEMS, list_unreadable),
    "SWEPT_WINDOWS": (item_writes.SWEPT_WINDOWS, sweep_windows),
    "SWEPT_BATCHES": (item_writes.SWEPT_BATCHES, sweep_batches),
    "BUILT_WINDOWS": (item_writes.BUILT_WINDOWS, build_windows),
    "ERASURES": (item_writes.ERASURES, check_erasures),
    "SHOWN_CONTENTS": (item_writes.SHOWN_CONTENTS, show_contents),
    "REPEATED_CONTENTS": (item_writes.REPEATED_CONTENTS, count_repeats),
    "RELEASED_PACKS": (item_writes.RELEASED_PACKS, release_packs),
    "SENT_BATCHES": (item_writes.SENT_BATCHES, send_batches),
}


@pytest.mark.parametrize("name", WRITERS)
def test_updates_name_what_is_in_their_list_and_nothing_else(name: str) -> None:
    updates, write = WRITERS[name]
    client = Recorded()
    write(client)
    found = [each for each in client.needed if each.action.endswith(("UpdateItem", "CheckItem"))]
    if name == "ERASURES":
        found = [each for each in found if each.action.endswith("CheckItem")]
    named = {attribute for each in found for attribute in each.context["dynamodb:Attributes"]}
    assert named == {*updates.attributes}
    for each in found:
        assert hold(items_of(updates.partitions, *updates.also), each.context)


def test_updates_of_one_transaction_are_allowed_when_they_are_judged_together() -> None:
    client = Recorded()
    mark_states(client)
    updates = [each.context for each in client.needed if each.action.endswith("UpdateItem")]
    together = {
        name: [value for each in updates for value in each[name]]
        for name in ("dynamodb:Attributes", "dynamodb:LeadingKeys")
    }
    assert len(together["dynamodb:LeadingKeys"]) == 2
    assert hold(update("x", "arn", item_writes.MARKED_STATES)["Condition"], together)
    assert not hold(update("x", "arn", item_writes.QUEUED_WINDOWS)["Condition"], together)


def test_every_list_has_its_writer() -> None:
    lists = {name for name, value in vars(item_writes).items() if isinstance(value, Updates)}
    assert lists == WRITERS.keys()


@pytest.mark.parametrize("partitions", Partitions)
def test_kinds_of_partitions_do_not_overlap(partitions: Partitions) -> None:
    keys = {
        Partitions.CREATORS: creator_key("a#b/ü"),
        Partitions.BATCHES: table.batch_partition("b1"),
        Partitions.CONTENTS: table.content_partition("00"),
        Partitions.NUMBERING: table.NUMBERING_PARTITION,
        Partitions.DEFERRED: table.deferred_partition("ann"),
        Partitions.UNREADABLE: table.unreadable_partition("ann"),
        Partitions.RUNS: table.RUNS_PARTITION,
        Partitions.RUN_WINDOWS: table.run_partition("retry-1"),
        Partitions.PUSHES: "push#mysql",
        Partitions.DISCARDED: table.DISCARDED_PARTITION,
        Partitions.PACKS: table.pack_partition("prefetched/a.zip"),
    }
    assert keys.keys() == {*Partitions}
    found = {
        kind
        for kind, key in keys.items()
        if hold(items_of(partitions), {"dynamodb:LeadingKeys": (key,)})
    }
    assert found == {partitions}
