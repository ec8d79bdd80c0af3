"""One item that cannot be read is a row of its own in every list, and hides no other."""

from __future__ import annotations

import pytest

from ops_dashboard.inspect.creators import CreatorReader
from ops_dashboard.inspect.status import ProgressReader
from ops_dashboard.inspect.window_filter import WindowFilter
from ops_dashboard.inspect.window_pages import WindowPages
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UnreadableItemError
from stream_ingest.contracts.naming import creator_key
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.table import OpsTable

BATCH = header("batch-a", images=2)


def test_a_window_that_cannot_be_read_is_listed_with_what_is_wrong(ops_table: OpsTable) -> None:
    ops_table.fold("ann", range(6), BATCH, NOW_S)
    ops_table.aws.set_item("ann", table.window_item(2), image_count="many")
    listed = WindowPages(ops_table.aws.dynamodb, TABLE).list_page(WindowFilter()).windows
    by_id = {each.window_id: each for each in listed}
    assert by_id.keys() == {"ann:000001", "ann:000002", "ann:000003"}
    wrong = by_id.pop("ann:000002")
    assert wrong.status == "unreadable"
    assert "ops-dashboard repair" in str(wrong.error)
    assert {each.image_count for each in by_id.values()} == {2}


def test_a_creator_that_cannot_be_read_is_listed_and_says_so_alone(ops_table: OpsTable) -> None:
    for name in ("ann", "ben"):
        ops_table.fold(name, range(3), BATCH, NOW_S)
    ops_table.aws.set_item("ann", table.STATE, open_images="many")
    reader = CreatorReader(ops_table.aws.dynamodb, TABLE)
    listed = {each.key: each.open_images for each in reader.list_page("").creators}
    assert listed == {creator_key("ann"): 0, creator_key("ben"): 1}
    with pytest.raises(UnreadableItemError, match="many"):
        reader.find("ann")


def test_a_batch_that_cannot_be_read_is_listed_with_what_is_wrong(ops_table: OpsTable) -> None:
    registry = BatchRegistry(ops_table.aws.dynamodb, TABLE, ops_table.aws.clock)
    for name in ("first", "second"):
        registry.register(header(name))
    ops_table.aws.set_item(table.batch_partition("first"), table.BATCH, rows_read="many")
    listed = {each.batch_id: each for each in ProgressReader(registry, "dev").latest(None)}
    assert listed.keys() == {"first", "second"}
    assert listed["first"].status == "unreadable"
    assert "ops-dashboard repair" in listed["first"].notes[0]
    assert listed["second"].status == "sending"
