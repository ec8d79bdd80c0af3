from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ops_dashboard.inspect import refused_part_names, refused_rows
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


@pytest.mark.parametrize("at", range(9))
def test_rows_go_on_at_any_position(ops_table: OpsTable, rows: RefusedRows, at: int) -> None:
    covers = refuse(ops_table, "a", 3, 1) + refuse(ops_table, "b", 4)
    every = [step for step in rows.steps(RefusedFilter(), after=None) if step.found]
    assert sorted(step.found.cover for step in every if step.found) == sorted(covers)
    later = rows.steps(RefusedFilter(), after=every[at - 1].position if at else None)
    assert [step.found for step in later if step.found] == [step.found for step in every[at:]]
    assert list(rows.every(RefusedFilter())) == [step.found for step in every]


def test_a_part_costs_its_reading_whatever_it_has(ops_table: OpsTable, rows: RefusedRows) -> None:
    refuse(ops_table, "a", 3, 1, 2)
    wanted = RefusedFilter(reason="blocked")
    assert sum(step.cost for step in rows.steps(wanted, after=None)) == 3


def test_an_id_is_of_the_row_not_of_its_line(ops_table: OpsTable, rows: RefusedRows) -> None:
    """So that a discarded row stays so when the rows of an erased creator are removed before it."""
    row = RowRefusal(reason=RefusalReason.NO_URL, creator="ben", cover="", created_at="x")
    other = RowRefusal(reason=RefusalReason.NO_URL, creator="ann", cover="", created_at="x")
    writer = RefusalWriter(ops_table.aws.s3, OUTPUT, "a")
    writer.store([other, row, row])
    before = [each.id for each in rows.every(RefusedFilter())]
    assert len(set(before)) == 3
    writer.parts = 0
    writer.store([row, row])
    assert [each.id for each in rows.every(RefusedFilter())] == before[1:]
    RefusalWriter(ops_table.aws.s3, OUTPUT, "b").store([row])
    assert len({each.id for each in rows.every(RefusedFilter())}) == 3


def test_rows_are_listed_counted_and_named_if_they_are_accepted(
    ops_table: OpsTable, rows: RefusedRows
) -> None:
    refuse(ops_table, "a", 4)
    first, *others = [each.id for each in rows.every(RefusedFilter())]
    accept = {first}.__contains__
    assert [each.id for each in rows.every(RefusedFilter(), accept)] == [first]
    assert rows.count(RefusedFilter(), accept).by_reason == {"bad_url": 1}
    assert rows.ids(RefusedFilter(), accept, limit=9) == ([first], True)
    assert rows.ids(RefusedFilter(), limit=3) == ([first, *others[:2]], False)


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


def test_totals_say_if_there_is_more(
    ops_table: OpsTable, rows: RefusedRows, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(ops_table, "a", 2, 2)
    assert rows.count(RefusedFilter()).complete
    monkeypatch.setattr(refused_rows, "MAX_COUNTED", 1)
    counted = rows.count(RefusedFilter())
    assert (sum(counted.by_reason.values()), counted.complete) == (2, False)
    monkeypatch.setattr(refused_part_names, "MAX_LISTED", 1)
    assert not rows.count(RefusedFilter()).complete
    assert not rows.ids(RefusedFilter(), limit=9)[1]


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"at": "x", "key": "k", "line": "1", "more": ""},
        {"at": "2026-01-01", "key": "k", "line": "²"},
        {"at": "2026-01-01", "key": "k", "line": "9" * 4_400},
    ],
)
def test_a_forged_position_is_rejected(rows: RefusedRows, place: dict[str, str]) -> None:
    with pytest.raises(UserError, match="not a cursor"):
        list(rows.steps(RefusedFilter(), after=place))
