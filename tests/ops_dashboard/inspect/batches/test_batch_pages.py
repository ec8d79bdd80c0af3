from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ops_dashboard.inspect.batches.batch_filter import BatchFilter
from ops_dashboard.inspect.batches.batch_pages import MAX_SEARCHED, BatchPages
from ops_dashboard.inspect.batches.batch_windows import BatchWindows
from stream_ingest.aws.items import to_wire
from stream_ingest.batches.batch_item import new_item
from stream_ingest.batches.outcome import OutcomeKind, outcome_of
from stream_ingest.batches.progress import BatchProgress
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ingest.threads import InlineExecutor
from tests.fakes.ops.table import OpsTable

DAY = 86_400
PROGRESS = BatchProgress(
    batch_id="b",
    trigger="csv-push",
    status="ended",
    rows_read=5,
    rows_sent=5,
    rows_accepted=5,
    refused={},
    windows=1,
    windows_by_status={},
    collages=1,
    images_ok=0,
    images_failed=0,
    open_images=0,
    settled=True,
    ended=False,
)


@pytest.fixture
def calls(ops_table: OpsTable) -> list[str]:
    """Names of the operations that are called."""
    made: list[str] = []
    ops_table.aws.dynamodb.meta.events.register(
        "before-call.dynamodb", lambda model, **_: made.append(model.name)
    )
    return made


@pytest.fixture
def pages(ops_table: OpsTable) -> BatchPages:
    return pages_of(ops_table)


def pages_of(ops_table: OpsTable) -> BatchPages:
    dynamodb = ops_table.aws.dynamodb
    return BatchPages(
        dynamodb,
        TABLE,
        windows=BatchWindows(dynamodb, TABLE),
        summary=lambda _: None,
        threads=InlineExecutor(),
        clock=ops_table.aws.clock,
    )


def put(ops_table: OpsTable, name: str, started_s: int, **changes: object) -> None:
    """Store a batch that has ended, unless `changes` say another status."""
    item = new_item(header(name), None, (), "me", started_s)
    item |= {"status": "ended", "rows_read": 5, "rows_sent": 5, "is_final": True}
    item |= {"counted": {"accepted": 5, "duplicates": 0, "windows": 0}} | changes
    ops_table.aws.dynamodb.put_item(TableName=TABLE, Item=to_wire(item))


def names(page: Any) -> list[str]:  # noqa: ANN401 - a page of batches
    return [row.progress.batch_id for row in page.batches]


def test_every_batch_is_reached_page_by_page_and_once(
    ops_table: OpsTable, pages: BatchPages
) -> None:
    """Also those of one second, of several statuses, and of versions that stored a date only."""
    wanted = []
    for at in range(57):
        status = ("ended", "sending", "rejected")[at % 3]
        put(ops_table, f"b{at:03d}", NOW_S - at // 5, status=status)
        wanted.append(f"b{at:03d}")
    put(ops_table, "old", NOW_S, processing_date="2026-01-01")
    seen, after = [], None
    while True:
        page = pages.list_page(BatchFilter(), limit=10, after=after)
        seen += names(page)
        assert len(page.batches) == 10 or page.next is None
        after = page.next
        if after is None:
            break
    assert sorted(seen) == sorted([*wanted, "old"])
    assert seen[-1] == "old"
    assert [int(name[1:]) // 5 for name in seen[:-1]] == sorted(
        int(name[1:]) // 5 for name in wanted
    )


def test_a_page_costs_calls_by_its_size_not_by_the_number_of_batches(
    ops_table: OpsTable, calls: list[str]
) -> None:
    costs = []
    for more in (30, 90):
        for at in range(more):
            put(ops_table, f"b{more}-{at}", NOW_S - more * 100 - at)
        calls.clear()
        pages_of(ops_table).list_page(BatchFilter(), limit=10)
        costs.append(sorted(calls))
    assert costs[0] == costs[1]
    assert costs[0].count("BatchGetItem") == 1


@pytest.mark.parametrize("limit", [3, 25])
def test_a_page_reads_the_windows_of_its_batches_and_of_the_one_after(
    ops_table: OpsTable, calls: list[str], limit: int
) -> None:
    counted = {"accepted": 5, "duplicates": 0, "windows": 1}
    for at in range(40):
        put(ops_table, f"b{at}", NOW_S - at, counted=counted)
    statuses = len(BatchFilter().statuses())
    pages_of(ops_table).list_page(BatchFilter(), limit=limit)
    assert calls.count("Query") == statuses + limit + 1


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"kinds": frozenset({OutcomeKind.REJECTED})}, ["bad"]),
        ({"kinds": frozenset({OutcomeKind.NOTHING_NEW})}, ["known"]),
        ({"kinds": frozenset({OutcomeKind.SENDING, OutcomeKind.ENDING})}, ["running"]),
        ({"kinds": frozenset({OutcomeKind.UNREADABLE})}, ["broken"]),
        ({"trigger": "csv-push"}, ["known"]),
        ({"since": "2026-11-05"}, ["running", "broken", "bad"]),
        ({"since": "2026-11-05", "until": "2026-11-06"}, ["bad"]),
        ({"trigger": "s3-trigger"}, []),
        ({"since": "2026-11-06", "until": "2026-11-05"}, []),
    ],
)
def test_batches_are_filtered_by_outcome_trigger_and_day(
    ops_table: OpsTable, pages: BatchPages, wanted: dict[str, Any], found: list[str]
) -> None:
    first = 1_793_750_400  # 2026-11-04
    counted = {"accepted": 0, "duplicates": 5, "windows": 0}
    put(ops_table, "known", first, trigger="csv-push", counted=counted)
    put(ops_table, "bad", first + DAY, status="rejected", rejected="no header")
    put(ops_table, "broken", first + 2 * DAY, rows_read="many")
    put(ops_table, "running", first + 3 * DAY, status="sending", is_final=None)
    assert names(pages.list_page(BatchFilter(**wanted))) == found


@pytest.mark.parametrize("status", ["ended", "abandoned"])
def test_a_batch_that_is_built_again_is_found_as_such(
    ops_table: OpsTable, pages: BatchPages, status: str
) -> None:
    batch = header("b", images=2)
    ops_table.aws.registry.register(batch)
    ops_table.fold("ann", range(2), batch)
    abandoned = {"abandoned_at": "2026-11-28T10:11:12Z"} if status == "abandoned" else {}
    counted = {"accepted": 2, "duplicates": 0, "windows": 1}
    put(ops_table, "b", NOW_S, status=status, counted=counted, **abandoned)
    wanted = BatchFilter(kinds=frozenset({OutcomeKind.BUILDING}))
    assert names(pages.list_page(wanted)) == ["b"]
    assert names(pages.list_page(BatchFilter(kinds=frozenset({OutcomeKind(status)})))) == []
    ops_table.end("ann:000001", "completed", images_ok=2)
    assert names(pages.list_page(wanted)) == []
    assert names(pages.list_page(BatchFilter(kinds=frozenset({OutcomeKind(status)})))) == ["b"]


MARKS: list[dict[str, Any]] = [
    {"status": "sending"},
    {"status": "rejecting", "rejected": "no header"},
    {"status": "rejected", "rejected": "no header"},
    {"status": "abandoning", "abandoned_at": "t"},
    {"status": "flushed", "abandoned_at": "t"},
    *({"status": status, "ended": end} for status in ("sent", "flushed") for end in (0, 1)),
    *({"status": "ended", "ended": end} for end in (0, 1)),
    *({"status": "abandoned", "abandoned_at": "t", "ended": end} for end in (0, 1)),
]
"""What items of batches have, by `batch_item`."""
FIGURES: list[dict[str, Any]] = [
    {},
    {"images_failed": 3},
    {"refused": {"no_url": 2}},
    {"refused": {"no_url": 5}, "rows_accepted": 0},
    {"refused": {"duplicate": 5}, "rows_accepted": 0, "images_ok": 0},
]


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("figures", FIGURES, ids=str)
@pytest.mark.parametrize("marks", MARKS, ids=str)
def test_every_outcome_is_looked_for_in_all_statuses_that_show_it(
    marks: dict[str, Any], figures: dict[str, Any], *, settled: bool
) -> None:
    changes = {"settled": settled, "images_ok": 5, **figures, **marks}
    batch = msgspec.structs.replace(PROGRESS, **changes)
    wanted = BatchFilter(kinds=frozenset({outcome_of(batch).kind}))
    assert batch.status in wanted.statuses()


def test_a_batch_that_moves_on_meanwhile_is_listed_once(
    ops_table: OpsTable, pages: BatchPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(ops_table, "b", NOW_S)
    (entry,) = pages._in_status("ended", "0", "9")  # noqa: SLF001 - as two statuses show it
    monkeypatch.setattr(pages, "_in_status", lambda *_: iter([entry]))
    assert names(pages.list_page(BatchFilter())) == ["b"]


def test_a_batch_with_a_day_in_the_index_is_found_by_its_second(
    ops_table: OpsTable, pages: BatchPages
) -> None:
    """As older versions stored it, on the first and on the last day of a range."""
    put(ops_table, "old", NOW_S, processing_date=iso_second(from_epoch_s(NOW_S))[:10])
    put(ops_table, "new", NOW_S)

    def listed(first_s: int, last_s: int) -> list[str]:
        since, until = (iso_second(from_epoch_s(NOW_S + each)) for each in (first_s, last_s))
        return names(pages.list_page(BatchFilter(since=since, until=until)))

    assert listed(0, 1) == listed(-60, 60) == ["new", "old"]
    assert listed(1, 60) == listed(-60, 0) == []


def test_a_search_that_finds_little_stops_and_says_where_it_goes_on(
    ops_table: OpsTable, pages: BatchPages
) -> None:
    for at in range(MAX_SEARCHED + 20):
        put(ops_table, f"b{at:03d}", NOW_S - at * 60)
    put(ops_table, "rare", NOW_S - 20 * DAY, trigger="sqs-trigger")
    wanted = BatchFilter(trigger="sqs-trigger")
    first = pages.list_page(wanted)
    assert (first.batches, first.next is not None) == ([], True)
    assert first.searched_to is not None
    second = pages.list_page(wanted, after=first.next)
    assert (names(second), second.next, second.searched_to) == (["rare"], None, None)


@pytest.mark.parametrize("cursor", ["x", "e30", "eyJ0aW1lIjp7fX0", "eyJiYXRjaGVzIjp7ImEiOiIxIn19"])
def test_a_cursor_of_something_else_is_refused_or_starts_anew(
    pages: BatchPages, cursor: str
) -> None:
    if cursor == "e30":  # {}
        assert pages.list_page(BatchFilter(), after=cursor).batches == []
        return
    with pytest.raises(UserError, match="cursor"):
        pages.list_page(BatchFilter(), after=cursor)
