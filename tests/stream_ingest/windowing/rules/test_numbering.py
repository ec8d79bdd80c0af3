from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stream_ingest.contracts.naming import split_window_id, window_id
from stream_ingest.windowing.rules.numbering import (
    FIRST,
    Numbering,
    TableFacts,
    first_number,
    first_window,
)

CREATED = int(datetime(2026, 11, 29, 2, 20, tzinfo=UTC).timestamp()) * 1_000
RAISED = 123_387_600_000 + 1
OLD = CREATED - 1


def facts(*, is_restored: bool = False) -> TableFacts:
    return TableFacts(created_at_ms=CREATED, is_restored=is_restored)


@pytest.mark.parametrize(
    ("table", "numbering", "first"),
    [
        (facts(), None, FIRST),
        (facts(), Numbering(created_at_ms=CREATED), FIRST),
        (facts(), Numbering(created_at_ms=CREATED, first=77), 77),
        (facts(), Numbering(created_at_ms=OLD), RAISED),
        (facts(), Numbering(created_at_ms=OLD, first=77), RAISED),
        (facts(), Numbering(created_at_ms=OLD, first=RAISED + 5), RAISED + 5),
        (facts(is_restored=True), None, RAISED),
        (facts(is_restored=True), Numbering(created_at_ms=OLD), RAISED),
        (facts(is_restored=True), Numbering(created_at_ms=CREATED, first=77), 77),
    ],
)
def test_a_table_continues_its_own_numbers_and_a_copy_skips_those_of_its_source(
    table: TableFacts, numbering: Numbering | None, first: int
) -> None:
    assert first_window(table, numbering) == first


def test_each_restore_has_higher_numbers_than_the_one_before() -> None:
    """Also if the windows of the first restore came as fast as DynamoDB writes them."""
    earlier, later = first_number(CREATED), first_number(CREATED + 60_000)
    assert earlier + 60 * 250 < later


def test_numbers_of_a_restored_table_are_valid_ids_that_sort_behind_ordinary_ones() -> None:
    for year in (2027, 2053):
        number = first_number(int(datetime(year, 12, 31, tzinfo=UTC).timestamp()) * 1_000)
        value = window_id("charli", number)
        assert split_window_id(value) == ("charli", number)
        assert len(value) == len("charli:") + 12
        assert value > window_id("charli", 99_999)


def test_a_clock_before_the_origin_gives_the_first_number() -> None:
    assert first_number(0) == FIRST
