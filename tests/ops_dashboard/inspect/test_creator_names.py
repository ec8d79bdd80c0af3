from __future__ import annotations

from ops_dashboard.inspect.creator_names import LIFETIME_S, CreatorNames
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.clock import Clock
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.table import OpsTable

BATCH = header("batch-a", images=3)


def fill(ops_table: OpsTable, *names: str) -> None:
    for name in names:
        ops_table.fold(name, [1], BATCH, NOW_S)


def test_names_that_begin_with_the_text_come_before_those_that_contain_it(
    ops_table: OpsTable,
) -> None:
    fill(ops_table, "maryann", "ANNA", "ann", "ben")
    found = CreatorNames(ops_table.aws.dynamodb, TABLE).containing("Ann", 9)
    assert found.names == ["ann", "ANNA", "maryann"]
    assert found.complete


def test_names_are_read_again_once_they_are_old(ops_table: OpsTable) -> None:
    clock = Clock()
    names = CreatorNames(ops_table.aws.dynamodb, TABLE, clock)
    fill(ops_table, "ann")
    assert names.containing("a", 9).names == ["ann"]
    fill(ops_table, "amy")
    assert names.containing("a", 9).names == ["ann"]
    clock.advance(LIFETIME_S)
    assert names.containing("a", 9).names == ["amy", "ann"]


def test_an_incomplete_answer_says_so(ops_table: OpsTable) -> None:
    fill(ops_table, "ann", "amy")
    found = CreatorNames(ops_table.aws.dynamodb, TABLE).containing("a", 1)
    assert (found.names, found.complete) == (["amy"], False)
    unread = CreatorNames(ops_table.aws.dynamodb, TABLE, max_reads=0)
    assert not unread.containing("zoe", 9).complete
