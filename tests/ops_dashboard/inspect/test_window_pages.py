from __future__ import annotations

from itertools import chain
from typing import Any

import pytest
from moto import mock_aws

from ops_dashboard.inspect import window_pages
from ops_dashboard.inspect.cursors import write_cursor
from ops_dashboard.inspect.window_filter import WindowFilter
from ops_dashboard.inspect.window_pages import WindowPage, WindowPages
from ops_dashboard.inspect.windows import WindowReader
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.contracts.table import WindowStatus
from stream_ingest.contracts.timestamps import from_epoch_s, parse_utc
from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.ingest.aws import TABLE, Clients, IngestAws
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.table import OpsTable

A, B = header("batch-a", images=2), header("batch-b", images=2)


Items = list[dict[str, Any]]
"""A whole table as on the wire. It is filled once: folding 40 rows takes moto half a second."""


@pytest.fixture(scope="module")
def nine_windows(moto_clients: Clients) -> Items:
    """Nine windows: ann's of batch a on six days, ben's of batch b on the last three of them."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        set_aws_variables(patch)
        ops_table = OpsTable(IngestAws(moto_clients))
        fill_with_nine(ops_table)
        return ops_table.aws.snapshot()


def fill_with_nine(ops_table: OpsTable) -> None:
    for day in range(6):
        ops_table.fold("ann", [2 * day, 2 * day + 1], A if day < 3 else B, NOW_S + day * DAY_S)
        if day >= 3:
            ops_table.fold("ben", [2 * day, 2 * day + 1], B, NOW_S + day * DAY_S + 60)
    for number in (1, 3, 5):
        ops_table.end(f"ann:{number:06d}", "failed", error="every image failed")
    ops_table.end("ben:000001", "completed", images_ok=2)


@pytest.fixture
def pages(ops_table: OpsTable, nine_windows: Items) -> WindowPages:
    ops_table.aws.restore(nine_windows)
    return WindowPages(ops_table.aws.dynamodb, TABLE)


def ids(page: WindowPage) -> list[str]:
    return [window.window_id for window in page.windows]


def every_page(pages: WindowPages, wanted: WindowFilter, limit: int) -> list[list[str]]:
    found = [pages.list_page(wanted, limit=limit)]
    while found[-1].next is not None:
        found.append(pages.list_page(wanted, limit=limit, after=found[-1].next))
    return [ids(page) for page in found]


NEWEST_FIRST = [
    "ben:000003", "ann:000006", "ben:000002", "ann:000005", "ben:000001", "ann:000004",
    "ann:000003", "ann:000002", "ann:000001",
]  # fmt: skip


def test_windows_of_all_statuses_are_listed_newest_first(pages: WindowPages) -> None:
    page = pages.list_page(WindowFilter())
    assert ids(page) == NEWEST_FIRST
    assert page.next is None


@pytest.mark.parametrize("limit", range(1, 10))
def test_pages_of_any_size_show_every_window_once(pages: WindowPages, limit: int) -> None:
    shown = every_page(pages, WindowFilter(), limit)
    assert sorted(chain.from_iterable(shown)) == sorted(NEWEST_FIRST)
    assert [len(page) for page in shown[:-1]] == [limit] * (len(shown) - 1)


@pytest.mark.parametrize("limit", [1, 2, 50])
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (WindowFilter(status=WindowStatus.FAILED), ["ann:000005", "ann:000003", "ann:000001"]),
        (WindowFilter(creator="ann"), [f"ann:{number:06d}" for number in range(6, 0, -1)]),
        (
            WindowFilter(creator="ann", status=WindowStatus.FAILED, batch_id="batch-b"),
            ["ann:000005"],
        ),
        (WindowFilter(creator="nobody"), []),
        (WindowFilter(batch_id="batch-a"), ["ann:000003", "ann:000002", "ann:000001"]),
        (WindowFilter(batch_id="batch-b", status=WindowStatus.COMPLETED), ["ben:000001"]),
        (WindowFilter(batch_id="none"), []),
    ],
)
def test_windows_are_filtered_by_status_batch_and_creator(
    pages: WindowPages, wanted: WindowFilter, expected: list[str], limit: int
) -> None:
    assert list(chain.from_iterable(every_page(pages, wanted, limit))) == expected


def test_a_listed_window_has_all_its_attributes(pages: WindowPages) -> None:
    (window,) = pages.list_page(
        WindowFilter(batch_id="batch-b", status=WindowStatus.FAILED)
    ).windows
    assert (window.creator, window.image_count, window.closed_because) == ("ann", 2, "full")
    assert (window.trigger, window.error) == (B.trigger, "every image failed")


def test_a_cursor_of_another_listing_is_rejected(pages: WindowPages) -> None:
    after = pages.list_page(WindowFilter(creator="ann"), limit=1).next
    with pytest.raises(UserError, match="another listing"):
        pages.list_page(WindowFilter(), after=after)
    with pytest.raises(UserError, match="not a cursor"):
        pages.list_page(WindowFilter(), after=write_cursor({"time": {"item": "x"}}))


CREATORS = ("ann", "ann-b", "ben", "cy", "zoe")


@pytest.fixture(scope="module")
def forty_windows(moto_clients: Clients) -> tuple[Items, list[str]]:
    """Forty windows of five creators that close every 20 s, some of them in the same second.

    They are in all statuses. Returns their ids, newest first, too.
    """
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        set_aws_variables(patch)
        ops_table = OpsTable(IngestAws(moto_clients))
        shown = fill_with_forty(ops_table)
        return ops_table.aws.snapshot(), shown


@pytest.fixture
def interleaved(ops_table: OpsTable, forty_windows: tuple[Items, list[str]]) -> list[str]:
    items, shown = forty_windows
    ops_table.aws.restore(items)
    return shown


def fill_with_forty(ops_table: OpsTable) -> list[str]:
    batch, closed = header("batch-a", images=1), []
    statuses = list(WindowStatus)
    for number in range(40):
        moment = NOW_S + 20 * (number - number % 4 // 3)  # each third and fourth together
        creator = CREATORS[number * 7 % 5]
        ops_table.fold(creator, [number], batch, moment)
        window = f"{creator}:{number // 5 + 1:06d}"
        ops_table.end(window, statuses[number * 5 % 6])
        closed.append((moment, creator, window))
    return [window for *_, window in sorted(closed, reverse=True)]


@pytest.mark.parametrize("limit", [1, 3, 7, 39, 40, 50])
@pytest.mark.parametrize("wanted", [WindowFilter(), WindowFilter(batch_id="batch-a")])
def test_windows_of_many_creators_and_statuses_are_in_the_order_in_which_they_closed(
    ops_table: OpsTable, interleaved: list[str], wanted: WindowFilter, limit: int
) -> None:
    pages = WindowPages(ops_table.aws.dynamodb, TABLE)
    assert list(chain.from_iterable(every_page(pages, wanted, limit))) == interleaved


@pytest.mark.parametrize("status", list(WindowStatus))
def test_windows_of_one_status_are_in_the_order_in_which_they_closed(
    ops_table: OpsTable, interleaved: list[str], status: WindowStatus
) -> None:
    pages = WindowPages(ops_table.aws.dynamodb, TABLE)
    shown = list(chain.from_iterable(every_page(pages, WindowFilter(status=status), 2)))
    assert shown == [window for window in interleaved if window in shown]
    assert 6 <= len(shown) <= 7


@pytest.mark.parametrize("wanted", [WindowFilter(), WindowFilter(batch_id="batch-a")])
def test_a_later_page_shows_no_window_again_that_moved_on_or_closed_meanwhile(
    ops_table: OpsTable, interleaved: list[str], wanted: WindowFilter
) -> None:
    pages = WindowPages(ops_table.aws.dynamodb, TABLE)
    first = pages.list_page(wanted, limit=15)
    for window in interleaved:
        ops_table.end(window, "completed")
    ops_table.fold("new", [99], header("batch-a", images=1), NOW_S + 3_600)
    rest = pages.list_page(wanted, limit=50, after=first.next)
    assert [*ids(first), *ids(rest)] == interleaved
    assert ids(pages.list_page(wanted, limit=1)) == ["new:000001"]


def test_windows_of_older_versions_are_listed_within_their_day(ops_table: OpsTable) -> None:
    """Their items have a date in the index, and their time in the item."""
    for number, hour in ((1, 9), (2, 11)):
        ops_table.aws.set_item(
            "old",
            f"window#{number:06d}",
            window_id=f"old:{number:06d}",
            creator="old",
            batch_id="a",
            status="completed",
            processing_date="2026-11-06",
            closed_at=f"2026-11-06T{hour:02d}:00:00+00:00",
            image_count=2,
        )
    day = int(parse_utc("2026-11-06").timestamp())
    batch = header("batch-a", images=1)
    for number, moment in enumerate((day - 1, day + 12 * 3_600, day + DAY_S), 1):
        ops_table.fold("ann", [number], batch, moment)
    shown = ["ann:000003", "ann:000002", "old:000002", "old:000001", "ann:000001"]
    pages = WindowPages(ops_table.aws.dynamodb, TABLE)
    assert ids(pages.list_page(WindowFilter())) == shown
    reader = WindowReader(ops_table.aws.dynamodb, TABLE)
    morning = [parse_utc(f"2026-11-06T{hour}") for hour in ("08", "10")]
    found = reader.closed_between(WindowStatus.COMPLETED, *morning)
    assert [window.window_id for window in found] == ["old:000001"]


def test_a_window_created_by_a_replayed_event_closed_on_its_day(ops_table: OpsTable) -> None:
    """Older versions made such an item without `closed_at`."""
    ops_table.aws.set_item(
        "ann",
        "window#000001",
        window_id="ann:000001",
        creator="ann",
        batch_id="a",
        status="completed",
        processing_date="2026-11-20",
        image_count=2,
    )
    window = WindowReader(ops_table.aws.dynamodb, TABLE).find("ann:000001")
    assert window is not None
    assert window.closed_at == "2026-11-20T00:00:00+00:00"


def test_more_windows_than_one_request_returns_are_all_read(ops_table: OpsTable) -> None:
    batch = header("many", images=1)
    for start in range(0, 120, 40):
        ops_table.fold("ann", range(start, start + 40), batch)
    assert len(list(WindowReader(ops_table.aws.dynamodb, TABLE).of_batch("many"))) == 120


MIDDLE = from_epoch_s(NOW_S + 3 * DAY_S)


@pytest.mark.parametrize("batch_id", [None, "batch-b"])
def test_a_range_has_its_first_moment_and_not_its_last(
    pages: WindowPages, batch_id: str | None
) -> None:
    since = WindowFilter(since=MIDDLE, batch_id=batch_id)
    assert list(chain.from_iterable(every_page(pages, since, 2))) == NEWEST_FIRST[:6]
    wanted = WindowFilter(since=MIDDLE, until=from_epoch_s(NOW_S + 4 * DAY_S), batch_id=batch_id)
    assert ids(pages.list_page(wanted)) == ["ben:000001", "ann:000004"]
    assert ids(pages.list_page(WindowFilter(since=MIDDLE, until=MIDDLE))) == []
    assert ids(pages.list_page(WindowFilter(creator="ben", since=MIDDLE))) == NEWEST_FIRST[0:6:2]


def test_a_page_ends_after_so_many_entries_and_the_next_one_searches_on(
    pages: WindowPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_pages, "MAX_SCANNED", 3)
    shown = every_page(pages, WindowFilter(creator_part="NN"), 9)
    assert len(shown) > 2
    assert list(chain.from_iterable(shown)) == [each for each in NEWEST_FIRST if "ann" in each]


def test_what_is_new_in_a_batch_is_found_without_reading_the_batch(
    pages: WindowPages, ops_table: OpsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_batch(*_: object) -> None:
        pytest.fail("a poll read the batch")

    monkeypatch.setattr(WindowPages, "_of_batch", no_batch)
    newest = from_epoch_s(NOW_S + 5 * DAY_S + 60)
    ops_table.fold("zoe", [1, 2], B, NOW_S + 9 * DAY_S)
    found = pages.newer(WindowFilter(batch_id="batch-b"), newest)
    assert [each.window_id for each in found] == ["zoe:000001", "ben:000003"]
    assert pages.newer(WindowFilter(batch_id="batch-a"), newest) == []


def test_every_window_that_matches_is_yielded(pages: WindowPages) -> None:
    wanted = WindowFilter(has_failures=True)
    failed = ["ann:000005", "ann:000003", "ann:000001"]
    assert [each.window_id for each in pages.every(wanted)] == failed
    assert len(list(pages.entries(wanted))) == 3
    assert [each.window_id for each in pages.named([failed[1], "gone:000001", failed[0]])] == [
        failed[1],
        failed[0],
    ]


@pytest.mark.parametrize("wanted", [WindowFilter(), WindowFilter(batch_id="a")])
def test_nothing_is_read_before_an_entry_is_needed(wanted: WindowFilter) -> None:
    """Readers that share a read begin it under a lock that all requests need."""
    nowhere: Any = None
    entries = WindowPages(nowhere, TABLE).read_all(wanted)
    with pytest.raises(AttributeError):
        next(entries)
