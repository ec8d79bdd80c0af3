from __future__ import annotations

from typing import Any

import pytest

from ops_dashboard.inspect.batches.batch_pages import MAX_SEARCHED, BatchFilter, BatchPages
from ops_dashboard.inspect.batches.batch_windows import BatchWindows
from stream_ingest.aws.items import to_wire
from stream_ingest.batches.batch_item import new_item
from stream_ingest.batches.outcome import OutcomeKind
from stream_ingest.contracts.errors import UserError
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ingest.threads import InlineExecutor
from tests.fakes.ops.table import OpsTable

DAY = 86_400


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
        ({"trigger": "nobody's"}, []),
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


def test_a_batch_that_moves_on_meanwhile_is_listed_once(
    ops_table: OpsTable, pages: BatchPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(ops_table, "b", NOW_S)
    (entry,) = pages._in_status("ended", "0", "9")  # noqa: SLF001 - as two statuses show it
    monkeypatch.setattr(pages, "_in_status", lambda *_: iter([entry]))
    assert names(pages.list_page(BatchFilter())) == ["b"]


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
