"""Lists of windows that have not ended: their status is in their items, not in the indexes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import pytest
from moto import mock_aws

from ops_dashboard.inspect import window_pages
from ops_dashboard.inspect.window_filter import WindowFilter
from ops_dashboard.inspect.window_pages import WindowPages
from ops_dashboard.inspect.windows import WindowReader
from stream_ingest.contracts import window_lifecycle
from stream_ingest.contracts.table import WindowStatus
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.windowing.window_repository import WindowRepository
from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.ingest.aws import TABLE, Clients, IngestAws
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.table import OpsTable

BATCH = header("a", images=1)
READY, QUEUED = ["ann:000007", "ann:000001"], ["ann:000006", "ann:000004", "ann:000002"]
PROCESSING = ["ann:000005", "ann:000003"]
"""Newest first. Numbers 4 and 5 were moved by an older version."""


@pytest.fixture(scope="module")
def pages(moto_clients: Clients) -> Iterator[WindowPages]:
    """Nine windows in a table that no test changes."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        set_aws_variables(patch)
        yield fill(OpsTable(IngestAws(moto_clients)))


def fill(ops_table: OpsTable) -> WindowPages:
    for number in range(9):
        ops_table.fold("ann", [number], BATCH, NOW_S + 60 * number)
    windows = WindowRepository(ops_table.aws.dynamodb, TABLE)
    for number in (2, 3, 6):
        windows.move(f"ann:{number:06d}", window_lifecycle.queue(NOW_S))
    (event,) = [WindowReader(ops_table.aws.dynamodb, TABLE).event("ann:000003")]
    assert event is not None
    claim = window_lifecycle.claim(
        event, owner="me", now_s=NOW_S, until_s=NOW_S + 9, date="2026-11-06T21:22:00Z", replay=None
    )
    windows.move("ann:000003", claim)
    ops_table.end("ann:000004", "queued")
    ops_table.end("ann:000005", "processing")
    ops_table.end("ann:000008", "failed")
    ops_table.end("ann:000009", "completed")
    return WindowPages(ops_table.aws.dynamodb, TABLE)


def listed(pages: WindowPages, wanted: WindowFilter, limit: int) -> list[list[str]]:
    found, after = [], None
    while True:
        page = pages.list_page(wanted, limit=limit, after=after)
        assert {window.status for window in page.windows} <= {str(wanted.status)}
        found.append([window.window_id for window in page.windows])
        if (after := page.next) is None:
            return found


CASES = [
    (WindowStatus.READY, READY),
    (WindowStatus.QUEUED, QUEUED),
    (WindowStatus.PROCESSING, PROCESSING),
    (WindowStatus.FAILED, ["ann:000008"]),
]


@pytest.mark.parametrize("limit", [1, 2, 50])
@pytest.mark.parametrize("narrowed", [{}, {"batch_id": "a"}, {"creator": "ann"}])
@pytest.mark.parametrize(("status", "shown"), CASES)
def test_a_status_lists_the_windows_that_have_it_newest_first_in_full_pages(
    pages: WindowPages, status: WindowStatus, shown: list[str], narrowed: dict[str, str], limit: int
) -> None:
    found = listed(pages, WindowFilter(status=status, **narrowed), limit)  # type: ignore[arg-type]  # texts
    assert list(chain.from_iterable(found)) == shown
    assert all(len(page) == limit for page in found[:-1])


@pytest.mark.parametrize(("status", "shown"), CASES)
def test_polls_and_whole_lists_of_a_status_agree(
    pages: WindowPages, status: WindowStatus, shown: list[str]
) -> None:
    wanted = WindowFilter(status=status)
    newer = pages.newer(wanted, from_epoch_s(NOW_S))
    assert [window.window_id for window in newer] == shown
    assert [window.window_id for window in pages.every(wanted)] == shown


def test_a_page_ends_where_it_has_looked_at_enough(
    pages: WindowPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands may wait while ten are built: then a page is short, and has a next one."""
    monkeypatch.setattr(window_pages, "MAX_SCANNED", 2)
    found = listed(pages, WindowFilter(status=WindowStatus.PROCESSING), 50)
    assert list(chain.from_iterable(found)) == PROCESSING
    assert len(found) > 2


def test_a_list_of_all_shows_each_window_as_it_is(pages: WindowPages) -> None:
    shown = {window.window_id: window.status for window in pages.every(WindowFilter())}
    assert [shown[each] for each in READY] == ["ready"] * 2
    assert [shown[each] for each in QUEUED] == ["queued"] * 3
    assert [shown[each] for each in PROCESSING] == ["processing"] * 2
    assert len(shown) == 9
