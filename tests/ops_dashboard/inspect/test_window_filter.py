"""Each filter of windows, asked about index entries and about whole windows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ops_dashboard.inspect.window_filter import NO_REASON, WindowFilter, may_pass, reasons
from ops_dashboard.inspect.window_record import WindowRecord
from stream_ingest.contracts.table import WindowStatus

MOMENT = datetime(2026, 11, 28, 10, tzinfo=UTC)


def window(**changes: object) -> WindowRecord:
    values = {
        "window_id": "ann:000001",
        "creator": "Ann.Smith",
        "batch_id": "b",
        "status": "partial",
        "closed_at": "2026-11-28T10:00:00+00:00",
        "image_count": 3,
        "failures": {"timeout": 1, "not_found": 1},
    }
    return WindowRecord(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (WindowFilter(), True),
        (WindowFilter(creator_part="SMITH"), True),
        (WindowFilter(creator_part="smyth"), False),
        (WindowFilter(reason="timeout"), True),
        (WindowFilter(reason="expired"), False),
        (WindowFilter(reason=NO_REASON), False),
        (WindowFilter(passing=True), True),
        (WindowFilter(passing=False), False),
        (WindowFilter(has_failures=True, status=WindowStatus.COMPLETED), False),
        (WindowFilter(since=MOMENT), True),
        (WindowFilter(until=MOMENT), False),
        (WindowFilter(batch_id="c"), False),
    ],
)
def test_a_filter_decides_about_a_window(wanted: WindowFilter, expected: bool) -> None:  # noqa: FBT001 - a case
    found = window()
    assert wanted.matches(found) is expected
    entry = {
        "status": found.status,
        "batch_id": found.batch_id,
        "creator": found.creator,
        "failures": found.failures,
        "processing_date": "2026-11-28T10:00:00Z",
    }
    has_range = wanted.since is not None or wanted.until is not None
    assert wanted.selects(entry) is (True if has_range else expected)


def test_a_window_that_failed_as_a_whole_has_no_cells_reason_and_may_pass() -> None:
    assert reasons({}, "crashed") == (NO_REASON,)
    assert reasons({"expired": 3}, "every image failed") == ("expired",)
    assert not reasons({}, None)
    assert may_pass({}, "crashed")
    assert may_pass({"abandoned": 3}, "no worker finished it")
    assert not may_pass({"expired": 3}, "every image failed")


def test_failures_are_of_partial_and_failed_windows_only() -> None:
    failing = (WindowStatus.PARTIAL, WindowStatus.FAILED)
    for wanted in (
        WindowFilter(has_failures=True),
        WindowFilter(reason="x"),
        WindowFilter(passing=True),
    ):
        assert wanted.statuses == failing
    assert WindowFilter(reason="x", status=WindowStatus.FAILED).statuses == (WindowStatus.FAILED,)


def test_an_entry_whose_failures_are_no_map_is_not_selected_by_reason() -> None:
    assert not WindowFilter(reason="x").selects({"status": "failed", "failures": "many"})
