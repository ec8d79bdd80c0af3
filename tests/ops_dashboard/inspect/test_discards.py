from __future__ import annotations

from datetime import timedelta

from ops_dashboard.inspect.discards import Discards
from stream_ingest.contracts import table
from stream_ingest.contracts.timestamps import from_epoch_s, iso_second
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import NOW_S
from tests.fakes.ops.table import OpsTable

NOW = from_epoch_s(NOW_S)


def entry(number: int, **others: str) -> dict[str, str]:
    return {"creator_name": "ann", "item": table.window_item(number), **others}


def test_a_discarded_window_is_discarded_until_it_is_built_again(ops_table: OpsTable) -> None:
    discards = Discards(ops_table.aws.dynamodb, TABLE, lambda: NOW)
    before = entry(1, completed_at=iso_second(NOW - timedelta(hours=1)))
    assert not discards.of()(before)
    discards.add(["ann:000001", "ann:000001"])
    assert discards.of()(before)
    assert not discards.of()(entry(2, completed_at=before["completed_at"]))
    assert not discards.of()(entry(1, completed_at=iso_second(NOW + timedelta(seconds=1))))
    discards.remove(["ann:000001"])
    assert not discards.of()(before)


def test_a_window_that_never_ended_is_judged_by_when_it_closed(ops_table: OpsTable) -> None:
    discards = Discards(ops_table.aws.dynamodb, TABLE, lambda: NOW)
    discards.add(["ann:000001"])
    assert discards.of()(entry(1, processing_date=iso_second(NOW)))


def test_what_is_stored_names_nobody(ops_table: OpsTable) -> None:
    Discards(ops_table.aws.dynamodb, TABLE, lambda: NOW).add(["ann:000001"])
    stored = [it for it in ops_table.aws.snapshot() if "discarded" in str(it)]
    assert len(stored) == 1
    assert "ann" not in str(stored)
