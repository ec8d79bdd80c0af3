from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops_dashboard.inspect import refused_rows
from ops_dashboard.inspect.cursors import write_cursor
from ops_dashboard.inspect.failure import RefusedRow
from ops_dashboard.inspect.refused_rows import RefusedFilter, RefusedRows
from stream_ingest.contracts.errors import UserError
from stream_ingest.push.refused_rows import RefusedRows as RefusalWriter
from stream_ingest.records.rows import RefusalReason, RowRefusal
from tests.fakes.ingest.aws import OUTPUT
from tests.fakes.ops.table import OpsTable

REASONS = (RefusalReason.BAD_URL, RefusalReason.EXPIRED, RefusalReason.NOT_SENT)


@pytest.fixture
def rows(ops_table: OpsTable) -> RefusedRows:
    return RefusedRows(ops_table.aws.s3, OUTPUT)


def refuse(ops_table: OpsTable, batch: str, *parts: int) -> list[str]:
    """Store refused rows in parts of these sizes; return their covers, part by part."""
    writer, covers = RefusalWriter(ops_table.aws.s3, OUTPUT, batch), []
    for size in parts:
        names = [f"{batch}-{len(covers) + each}" for each in range(size)]
        writer.store(
            [
                RowRefusal(
                    reason=REASONS[at % 3], creator=f"Ann {at % 2}", cover=name, created_at="x"
                )
                for at, name in enumerate(names)
            ]
        )
        covers += names
    return covers


def every_page(rows: RefusedRows, wanted: RefusedFilter, limit: int) -> list[list[RefusedRow]]:
    found, after = [], None
    while True:
        page = rows.list_page(wanted, limit=limit, after=after)
        found.append(page.rows)
        after = page.next
        if after is None:
            return found


@pytest.mark.parametrize("limit", [1, 3, 5, 100])
def test_every_row_is_on_one_page(ops_table: OpsTable, rows: RefusedRows, limit: int) -> None:
    covers = refuse(ops_table, "a", 3, 1) + refuse(ops_table, "b", 4)
    pages = every_page(rows, RefusedFilter(), limit)
    assert all(len(page) <= limit for page in pages)
    assert sorted(row.cover for page in pages for row in page) == sorted(covers)
    assert [row.cover for row in rows.every(RefusedFilter())] == [r.cover for p in pages for r in p]


def test_rows_are_filtered(ops_table: OpsTable, rows: RefusedRows) -> None:
    refuse(ops_table, "a", 6)
    refuse(ops_table, "ab", 6)

    def count(**wanted: object) -> int:
        return sum(rows.count(RefusedFilter(**wanted)).by_reason.values())  # type: ignore[arg-type]

    assert count() == 12
    assert count(batch_id="a") == 6
    assert count(batch_id="a", reason="expired") == count(batch_id="a", passing=True) == 2
    assert count(creator_part="ANN 1") == 6
    hour = timedelta(hours=1)
    assert count(since=datetime.now(UTC) - hour, until=datetime.now(UTC) + hour) == 12
    assert count(since=datetime.now(UTC) + hour) == count(until=datetime.now(UTC) - hour) == 0


def test_a_page_reads_so_many_parts_and_the_next_one_searches_on(
    ops_table: OpsTable, rows: RefusedRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refused_rows, "MAX_PARTS", 2)
    covers = refuse(ops_table, "a", 1, 1, 1, 1, 1)
    pages = every_page(rows, RefusedFilter(), 9)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [row.cover for page in pages for row in page] == covers[::-1]


def test_totals_say_if_there_is_more(
    ops_table: OpsTable, rows: RefusedRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(ops_table, "a", 2, 2)
    assert rows.count(RefusedFilter()).complete
    monkeypatch.setattr(refused_rows, "MAX_COUNTED", 1)
    counted = rows.count(RefusedFilter())
    assert (sum(counted.by_reason.values()), counted.complete) == (2, False)
    monkeypatch.setattr(refused_rows, "MAX_LISTED", 1)
    assert not rows.count(RefusedFilter()).complete


@pytest.mark.parametrize(
    "place",
    [{}, {"at": "x", "key": "k", "line": "1"}, {"at": "2026-01-01", "key": "k", "line": "²"}],
)
def test_a_forged_cursor_is_rejected(rows: RefusedRows, place: dict[str, str]) -> None:
    with pytest.raises(UserError, match="not a cursor"):
        rows.list_page(RefusedFilter(), limit=1, after=write_cursor({"rows": place}))
