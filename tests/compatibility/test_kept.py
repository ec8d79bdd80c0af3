"""What is stored about the whole table, unreadable items and dropped letters keeps its meaning."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from collage_lambda.assembly.content_memory import ContentMemory
from collage_lambda.cancelled_runs import CancelledRuns
from ops_dashboard.inspect.discards import Discards
from ops_dashboard.inspect.refused_rows import identified
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.runs.run import Span
from ops_dashboard.recovery.runs.store import RunStore
from stream_ingest.contracts import stack_parts
from stream_ingest.contracts.events import FileRejected, decode_detail
from stream_ingest.contracts.stack_parts import FunctionPart, QueuePart
from stream_ingest.intake.unread.position import Position, PositionStore
from stream_ingest.records.rows import RefusalReason, RowRefusal
from stream_ingest.windowing.unreadable.deferred_rows import DeferredRows
from stream_ingest.windowing.unreadable.unreadable_list import UnreadableItem, UnreadableList
from tests.compatibility.generations import HISTORY, WITH_KEPT, recorded
from tests.fakes.collage.events import window_image, window_ready
from tests.fakes.ingest.aws import TABLE, create_table
from tests.fakes.ingest.clock import Clock
from tests.fakes.ingest.rows import arrivals, header
from tests.fakes.ingest.threads import InlineExecutor
from tests.faults.harness.aws.dynamodb import FakeDynamoDb

BUCKET = "input"
POSITION = Position(
    bucket=BUCKET,
    next_at=1_794_003_600,
    key="csv-files/m.csv",
    version="v7",
    deleted_at=1_793_999_000,
    youngest_at=1_794_000_240,
)


@pytest.fixture(params=WITH_KEPT)
def kept(request: pytest.FixtureRequest) -> dict[str, Any]:
    return recorded(request.param, "kept")


@pytest.fixture
def dynamodb(kept: dict[str, Any]) -> Any:  # noqa: ANN401 - as boto3's client
    """A table with what a generation stored."""
    client: Any = FakeDynamoDb()
    create_table(client)
    for item in kept["items"]:
        client.put_item(TableName=TABLE, Item=HISTORY.untyped(item))
    return client


def document(kept: dict[str, Any], name: str) -> bytes:
    return base64.b64decode(kept["documents"][name])


def test_the_search_for_files_continues_where_it_was(dynamodb: Any) -> None:  # noqa: ANN401
    """A position that was not understood would begin again, and read the folder twice."""
    assert PositionStore(dynamodb, TABLE).load(BUCKET) == POSITION


@pytest.mark.parametrize("change", [{"next_at": {"S": "soon"}}, {"key": {"L": []}}])
def test_a_position_of_a_newer_release_that_means_something_else_begins_again(
    dynamodb: Any,  # noqa: ANN401
    change: dict[str, Any],
) -> None:
    key = {"creator_name": {"S": "table#"}, "item": {"S": "files"}}
    item = dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
    dynamodb.put_item(TableName=TABLE, Item={**item, **change})
    assert PositionStore(dynamodb, TABLE).load(BUCKET) == Position(bucket=BUCKET)


def test_an_item_that_could_not_be_read_stays_on_the_list(dynamodb: Any) -> None:  # noqa: ANN401
    assert list(UnreadableList(dynamodb, TABLE, Clock()).entries()) == [
        UnreadableItem(
            partition="ann",
            sort="state",
            reason="format 9",
            found_at="2026-11-06T21:20:00Z",
            times=1,
        )
    ]


def test_rows_that_wait_for_their_creator_are_the_same_rows(dynamodb: Any) -> None:  # noqa: ANN401
    clock = Clock()
    rows = DeferredRows(dynamodb, TABLE, UnreadableList(dynamodb, TABLE, clock), clock)
    (stored,) = rows.rows("ann")
    assert stored.arrivals == arrivals([1, 2], header("batch-x"), start=4)


def test_an_image_that_a_window_shows_is_known_to_other_windows(dynamodb: Any) -> None:  # noqa: ANN401
    memory = ContentMemory(dynamodb, TABLE, horizon_days=90, threads=InlineExecutor())
    another = window_ready([window_image("https://example.com/2.jpg")], number=13)
    assert memory.claim(another, ["ab" * 32, "cd" * 32]) == {"ab" * 32: "charli:000012"}


def test_a_run_is_shown_and_stays_cancelled(dynamodb: Any) -> None:  # noqa: ANN401
    """With its windows as they were before it."""
    at, name = datetime(2026, 11, 29, 12, 0, tzinfo=UTC), "replay-20261129T120000-000001"
    store = RunStore(dynamodb, TABLE, lambda: at)
    run = store.load(name)
    assert (run.state, run.cancelled_by, run.owner) == ("cancelled", "ben@server", "ana@laptop")
    assert (run.windows, run.sent, run.gone, run.pending) == (3, 3, 1, [1])
    assert run.statuses == {"completed": 1, "kept": 1}
    assert run.archive == Span(start=at - timedelta(days=1), end=at)
    (window,) = store.page(name, 0)
    assert (window.window_id, window.status, window.images_ok) == ("ann:000001", "partial", 34)
    assert CancelledRuns(dynamodb, TABLE, Clock()).includes(name)


def test_discarded_failures_stay_discarded(dynamodb: Any) -> None:  # noqa: ANN401
    """A window until it is built again; a refused row by what it is, in the part that it is in."""
    discards = Discards(dynamodb, TABLE)
    window = {"creator_name": "ann", "item": "window#000001"}
    assert discards.of()({**window, "completed_at": "2026-11-29T12:00:00Z"})
    assert not discards.of()({**window, "completed_at": "2026-11-29T12:00:01Z"})
    refused = RowRefusal(
        reason=RefusalReason.NO_URL,
        creator="ann",
        cover="{}",
        created_at="2026-11-28",
        detail="empty",
    )
    rows = identified("failed/rows/batch-x/part-00001.jsonl", [refused, refused])
    assert [discards.of_rows()(row_id) for row_id, _ in rows] == [True, False]


def test_the_event_of_a_rejected_file_is_read(kept: dict[str, Any]) -> None:
    """It may wait for a day in the queue of a webhook."""
    event = decode_detail(document(kept, "rejected"), FileRejected)
    assert (event.batch_id, event.trigger) == ("csv-covers-1", "s3-trigger")
    assert (event.file, event.line) == ("s3://input/csv-files/covers.csv", 3)
    assert event.reason == "line 3: a quote is opened and never closed"
    assert (event.rows_read, event.refused) == (2, {"bad_url": 2})


def test_the_copy_of_a_dropped_letter_is_read(kept: dict[str, Any]) -> None:
    letter = msgspec.json.decode(document(kept, "letter"), type=DeadLetter)
    assert (letter.kind, letter.id, letter.tries) == ("intake", "m-1", 3)
    assert (letter.batch_id, letter.body) == ("b-1", '{"s3_key":"a.csv"}')


def test_the_parts_of_a_stack_are_those_that_were_deployed(kept: dict[str, Any]) -> None:
    parts = stack_parts.from_wire(document(kept, "parts").decode())
    assert parts.functions == (FunctionPart(name="collage", memory_mb=1_769, timeout_s=120),)
    assert parts.queues == (
        QueuePart(name="intake", dead_letters="intake-dead-letters", max_receives=3),
    )
