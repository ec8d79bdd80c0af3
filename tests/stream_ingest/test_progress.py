from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from stream_ingest.progress import GRACE_S, Batch, Doubt, Seen, add_up, progress_of
from tests.fakes.ingest_rows import NOW_S


def batch(**changes: Any) -> Batch:  # noqa: ANN401 - any field
    return Batch(
        **{
            "batch_id": "b",
            "trigger": "mysql-push",
            "status": "sent",
            "flush": "idle",
            "started_at": "2026-11-21T03:05:00+00:00",
            "rows_read": 100,
            "rows_sent": 90,
            "refused": {"expired": 10},
            "buckets": 128,
            "drained": 128,
        }
        | changes
    )


def seen(**changes: Any) -> Seen:  # noqa: ANN401 - any field
    return Seen(
        **{
            "accepted": 80,
            "duplicates": 10,
            "windows": 2,
            "windows_by_status": {"completed": 1, "partial": 1},
            "images_ok": 60,
            "images_failed": 10,
            "open_images": 10,
            "creators": frozenset({"charli"}),
        }
        | changes
    )


def test_a_batchs_items_are_added_up_by_what_they_are() -> None:
    items = [
        {"item": "batch", "batch_id": "b", "status": "sent"},
        {"item": "state", "creator": "ann", "accepted": Decimal(40), "open_images": Decimal(5)},
        {"item": "tally#ben", "creator": "ben", "accepted": 3, "duplicates": 2, "windows": 1},
        {"item": "state", "creator": "charli", "windows": 2},
        {"item": "window#000001", "status": "completed", "images_ok": 35, "images_failed": 0},
        {"item": "window#000002", "status": "ready"},
        {"item": "window#000001", "status": "ready"},
    ]
    assert add_up(items) == Seen(
        accepted=43,
        duplicates=2,
        windows=3,
        windows_by_status={"completed": 1, "ready": 2},
        images_ok=35,
        images_failed=0,
        open_images=5,
        creators=frozenset({"ann", "ben", "charli"}),
    )


def test_every_row_read_is_accepted_or_refused_once_a_batch_is_settled() -> None:
    progress = progress_of(batch(), seen(), NOW_S)
    assert progress.settled
    assert progress.ended
    assert progress.rows_read == progress.rows_accepted + sum(progress.refused.values())
    assert progress.refused == {"duplicate": 10, "expired": 10}
    assert progress.collages == 2


@pytest.mark.parametrize(
    ("of_batch", "of_seen"),
    [
        ({"drained": 127}, {}),
        ({"drained": 0}, {}),
        ({"buckets": 0, "drained": 0}, {}),
        ({}, {"accepted": 79}),
    ],
)
def test_a_batch_is_not_settled_while_rows_may_be_under_way(
    of_batch: dict[str, Any], of_seen: dict[str, Any]
) -> None:
    progress = progress_of(batch(**of_batch), seen(**of_seen), NOW_S)
    assert not progress.settled
    assert not progress.ended
    assert "quarantined" not in progress.refused


def test_what_is_missing_for_as_long_as_the_grace_was_quarantined() -> None:
    """A count may miss rows for a moment; those that stay missing will not come."""
    doubted = batch(doubt=Doubt(missing=2, since=NOW_S))
    late = progress_of(doubted, seen(accepted=78), NOW_S + GRACE_S)
    assert late.settled
    assert late.refused["quarantined"] == 2
    assert late.rows_read == late.rows_accepted + sum(late.refused.values())
    assert not progress_of(doubted, seen(accepted=78), NOW_S + GRACE_S - 1).settled


@pytest.mark.parametrize("doubt", [None, Doubt(missing=1, since=NOW_S)])
def test_rows_that_are_missing_for_the_first_time_may_yet_be_found(doubt: Doubt | None) -> None:
    late = progress_of(batch(doubt=doubt), seen(accepted=78), NOW_S + 10 * GRACE_S)
    assert not late.settled


@pytest.mark.parametrize(
    ("statuses", "ended"),
    [
        ({"completed": 2}, True),
        ({"completed": 1, "partial": 1}, True),
        ({"failed": 2}, True),
        ({"completed": 1, "processing": 1}, False),
        ({"completed": 1, "queued": 1}, False),
        ({"completed": 1, "ready": 1}, False),
        ({"completed": 1}, False),
    ],
)
def test_a_batch_ends_with_its_last_window(statuses: dict[str, int], ended: bool) -> None:  # noqa: FBT001 - a table
    progress = progress_of(batch(), seen(windows_by_status=statuses), NOW_S)
    assert progress.settled
    assert progress.ended is ended


@pytest.mark.parametrize(
    ("status", "ended"), [("sending", False), ("sent", False), ("flushed", True), ("ended", True)]
)
def test_a_batch_that_asked_for_it_ends_only_after_its_flush(status: str, ended: bool) -> None:  # noqa: FBT001 - a table
    assert progress_of(batch(flush="batch-end", status=status), seen(), NOW_S).ended is ended


def test_a_batch_of_nothing_ends() -> None:
    nothing = seen(accepted=0, duplicates=0, windows=0, windows_by_status={}, creators=frozenset())
    assert progress_of(batch(rows_read=10, rows_sent=0), nothing, NOW_S).ended
