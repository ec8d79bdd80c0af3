from __future__ import annotations

import msgspec
import pytest

from ops_dashboard.recovery.folded_rows import FoldedRows
from ops_dashboard.recovery.redrive import redriven_header
from stream_ingest.contracts.naming import mixed_creator
from stream_ingest.push.counting import CountingPacker
from stream_ingest.records.codec import BatchHeader, PackedRecord, unpack
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import NOW_S, cover_row, header, record_of
from tests.fakes.ops.table import OpsTable


def batch(batch_id: str = "b", *, dedup: bool = False, group: bool = True) -> BatchHeader:
    plain = header(batch_id, images=35)
    settings = msgspec.structs.replace(plain.settings, dedup=dedup, group_by_creator=group)
    return msgspec.structs.replace(plain, settings=settings)


def record(numbers: range, of: BatchHeader, creator: str = "ann") -> PackedRecord:
    return unpack(record_of([cover_row(number, creator) for number in numbers], of))


def left(ops_table: OpsTable, *records: PackedRecord) -> list[int]:
    aws = ops_table.aws
    rows = FoldedRows(aws.dynamodb, TABLE, aws.registry).without_folded(records)
    return [len(each.rows) for each in rows]


def test_rows_that_are_in_windows_are_not_sent_again(ops_table: OpsTable) -> None:
    """All 60 images of such a batch were in two windows after a redrive."""
    ops_table.aws.registry.register(batch())
    ops_table.fold("ann", range(60), batch())
    assert left(ops_table, record(range(60), batch())) == [0]
    rest = record(range(50, 70), batch()), record(range(70, 75), batch())
    assert left(ops_table, *rest) == [10, 5]
    assert left(ops_table, record(range(60), batch(), "ben")) == [60]


def test_images_of_other_windows_are_sent(ops_table: OpsTable) -> None:
    """To show images again is what such a batch is for."""
    ops_table.fold("ann", range(60), batch("earlier", dedup=True))
    ops_table.fold("ann", range(35), batch("earlier one"), NOW_S - 3_600)
    ops_table.aws.registry.register(batch())
    assert left(ops_table, record(range(60), batch())) == [60]


def test_images_of_a_batch_with_deduplication_are_recognised_when_they_come(
    ops_table: OpsTable,
) -> None:
    ops_table.fold("ann", range(60), batch(dedup=True))
    assert left(ops_table, record(range(60), batch(dedup=True))) == [60]
    assert left(ops_table) == []


@pytest.mark.parametrize("group", [True, False])
def test_rows_of_a_mixed_batch_go_to_its_own_creator_again(*, group: bool) -> None:
    creator = "ann" if group else mixed_creator("b")
    new = redriven_header(batch(group=group), "redrive-1")
    packer = CountingPacker(new)
    assert new.batch_id == "redrive-1"
    assert new.settings.window_key == batch(group=group).settings.window_key
    for row in record(range(3), batch(group=group), creator).cover_rows():
        packer.records.add(row)
    assert packer._group is None  # noqa: SLF001 - rows keep their creator
    (sent,) = packer.records.flush()
    assert unpack(sent.data).creators == (creator,)
