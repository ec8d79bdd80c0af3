"""A batch is not counted each minute while its collages are built."""

from __future__ import annotations

from typing import Any

import pytest

from stream_ingest.batches import waiting_windows
from stream_ingest.batches.registry import Totals
from stream_ingest.batches.waiting_windows import is_among_waiting
from stream_ingest.contracts import table
from stream_ingest.contracts.window_lifecycle import OUTBOX_DELAY_S
from stream_ingest.records.codec import BUCKETS, BatchHeader
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from tests.fakes.ingest.aws import TABLE, IngestAws
from tests.fakes.ingest.rows import NOW_S, arrivals, header

FIRST, SECOND = header("first", images=2), header("second", images=2)


def close_window(aws: IngestAws, creator: str, batch: BatchHeader, now_s: int = NOW_S) -> None:
    state = CreatorState(creator=creator)
    aws.store.commit(state, fold(state, arrivals([1, 2], batch), now_s, Rules()), now_s)


def waits(aws: IngestAws, batch_id: str) -> bool:
    return is_among_waiting(aws.dynamodb, TABLE, batch_id)


def test_a_window_waits_from_its_closing_until_it_has_ended(aws: IngestAws) -> None:
    assert not waits(aws, "first")
    close_window(aws, "ann", FIRST)
    assert waits(aws, "first")
    assert not waits(aws, "second")
    aws.clock.advance(OUTBOX_DELAY_S)
    aws.sweeper().sweep()  # sends it, so that it is queued
    assert waits(aws, "first")
    aws.end_windows()
    assert not waits(aws, "first")


def test_only_the_latest_windows_are_read(aws: IngestAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of an older batch are not seen behind them, so that batch is counted."""
    monkeypatch.setattr(waiting_windows, "LOOKED_AT", 2)
    close_window(aws, "ann", FIRST)
    close_window(aws, "ben", SECOND, NOW_S + 60)
    assert waits(aws, "first")
    close_window(aws, "carl", SECOND, NOW_S + 60)
    assert not waits(aws, "first")


def test_a_window_that_cannot_be_read_is_not_waited_for(aws: IngestAws) -> None:
    """As in a count: its batch can end."""
    close_window(aws, "ann", FIRST)
    aws.set_item("ann", "window#000001", image_count="two")
    assert not waits(aws, "first")


def test_a_batch_is_counted_again_when_none_of_its_windows_is_seen_to_wait(
    aws: IngestAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: list[str] = []
    query = aws.dynamodb.query

    def record(**request: Any) -> object:  # noqa: ANN401 - AWS's request
        if request.get("IndexName") == table.BATCH_INDEX:
            counts.append(request["ExpressionAttributeValues"][":batch"]["S"])
        return query(**request)

    aws.registry.register(FIRST)
    close_window(aws, "ann", FIRST)
    aws.registry.record_totals("first", Totals(rows_read=2, rows_sent=2), sent=True)
    aws.registry.record_drained("first", set(range(BUCKETS)))
    monkeypatch.setattr(aws.dynamodb, "query", record)
    assert not aws.sweeper().sweep().batches_ended
    assert counts == ["first"], "its rows are counted"
    for _ in range(3):
        aws.clock.advance(OUTBOX_DELAY_S)
        assert not aws.sweeper().sweep().batches_ended
    assert counts == ["first"]
    aws.end_windows()
    assert aws.sweeper().sweep().batches_ended == ("first",)
    assert len(counts) > 1
