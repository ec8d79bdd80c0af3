from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from stream_ingest.batches.progress import (
    GRACE_S,
    REPEATED_GRACE_S,
    Batch,
    Counted,
    WindowSums,
    progress_of,
    sum_tallies,
    sum_windows,
)
from tests.fakes.ingest.rows import NOW_S


def counted(**changes: Any) -> Counted:  # noqa: ANN401 - any field
    fields = {"accepted": 80, "duplicates": 10, "windows": 2, "open_images": 10}
    return Counted(**fields | {"since": NOW_S, "final": True} | changes)


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
            "counted": counted(),
        }
        | changes
    )


def windows(by_status: dict[str, int] | None = None) -> WindowSums:
    ended = {"completed": 1, "partial": 1}
    return WindowSums(by_status=by_status or ended, images=70, images_ok=60, images_failed=10)


def test_windows_and_tallies_are_summed() -> None:
    assert sum_windows(
        [
            {"status": "completed", "image_count": 35, "images_ok": 34, "images_failed": 1},
            {"status": "ready", "image_count": Decimal(12)},
            {"status": "queued"},
        ]
    ) == WindowSums(
        by_status={"completed": 1, "waiting": 2}, images=47, images_ok=34, images_failed=1
    )
    tallies = [
        {"item": "state", "creator": "ann", "accepted": Decimal(40), "open_images": Decimal(5)},
        {"item": "tally#ben", "creator": "ben", "accepted": 3, "duplicates": 2, "windows": 1},
        {"item": "state", "creator": "charli", "windows": 2},
    ]
    assert sum_tallies(tallies) == Counted(accepted=43, duplicates=2, windows=3, open_images=5)


def test_every_row_read_is_accepted_or_refused_once_a_batch_is_settled() -> None:
    progress = progress_of(batch(), windows(), NOW_S)
    assert progress.settled
    assert progress.ended
    assert progress.rows_read == progress.rows_accepted + sum(progress.refused.values())
    assert progress.refused == {"duplicate": 10, "expired": 10}
    assert progress.collages == 2


def test_before_its_rows_are_counted_a_batch_shows_what_its_windows_hold() -> None:
    progress = progress_of(batch(drained=3, counted=None), windows(), NOW_S)
    assert (progress.rows_accepted, progress.windows, progress.collages) == (70, 2, 2)
    assert (progress.settled, progress.ended) == (False, False)
    assert progress.refused == {"expired": 10}


@pytest.mark.parametrize(
    "changes",
    [
        {"drained": 127},
        {"drained": 0},
        {"buckets": 0, "drained": 0},
        {"counted": None},
        {"counted": counted(accepted=79, final=False)},
        {"counted": counted(accepted=81, final=False, since=NOW_S - REPEATED_GRACE_S + 1)},
        {"abandoned_at": "2026-11-28T10:00:00Z", "counted": counted(since=NOW_S - GRACE_S + 1)},
    ],
)
def test_a_batch_is_not_settled_while_rows_may_be_under_way(changes: dict[str, Any]) -> None:
    progress = progress_of(batch(**changes), windows(), NOW_S)
    assert not progress.settled
    assert "quarantined" not in progress.refused


def test_what_is_missing_for_as_long_as_the_grace_was_quarantined() -> None:
    """A count may miss rows for a moment; those that stay missing will not come."""
    doubted = batch(counted=counted(accepted=78, final=False))
    late = progress_of(doubted, windows(), NOW_S + GRACE_S)
    assert late.settled
    assert late.refused["quarantined"] == 2
    assert late.rows_read == late.rows_accepted + sum(late.refused.values())
    assert not progress_of(doubted, windows(), NOW_S + GRACE_S - 1).settled


@pytest.mark.parametrize(
    ("statuses", "ended"),
    [
        ({"completed": 2}, True),
        ({"completed": 1, "partial": 1}, True),
        ({"failed": 2}, True),
        ({"completed": 1, "waiting": 1}, False),
        ({"completed": 1}, False),
        ({"completed": 2, "waiting": 1}, False),
    ],
)
def test_a_batch_ends_with_its_last_window(statuses: dict[str, int], ended: bool) -> None:  # noqa: FBT001 - a table
    progress = progress_of(batch(), windows(statuses), NOW_S)
    assert progress.settled
    assert progress.ended is ended


def test_a_batch_ends_only_on_a_final_count() -> None:
    progress = progress_of(batch(counted=counted(final=False)), windows(), NOW_S)
    assert (progress.settled, progress.ended) == (True, False)


@pytest.mark.parametrize(
    ("status", "flushed"), [("sending", False), ("sent", False), ("flushed", True), ("ended", True)]
)
def test_a_batch_with_flush_at_its_end_is_flushed_by_its_status(status: str, flushed: bool) -> None:  # noqa: FBT001 - a table
    assert batch(flush="batch-end", status=status).is_flushed is flushed
    assert batch(flush="idle", status=status).is_flushed


def test_a_batch_of_nothing_ends() -> None:
    nothing = batch(rows_read=10, rows_sent=0, counted=Counted(final=True))
    none = WindowSums(by_status={}, images=0, images_ok=0, images_failed=0)
    assert progress_of(nothing, none, NOW_S).ended


def test_rows_that_were_sent_again_too_late_do_not_keep_a_batch_open() -> None:
    """A resumed push sends its last chunk again; its creators may have forgotten the batch."""
    counted_twice = counted(accepted=80, duplicates=25, final=False, since=NOW_S - REPEATED_GRACE_S)
    progress = progress_of(batch(counted=counted_twice), windows(), NOW_S)
    assert progress.settled
    assert progress.refused == {"duplicate": 10, "expired": 10}
    assert progress.rows_read == progress.rows_accepted + sum(progress.refused.values())


@pytest.mark.parametrize(
    ("reported", "counts", "wanted"),
    [
        # rows_read, rows_sent, expired; accepted, duplicates; rows_read, rows_sent, refused
        ((100, 60, 10), (50, 10), (100, 60, {"duplicate": 10, "expired": 10, "not_sent": 30})),
        ((100, 40, 10), (50, 10), (100, 60, {"duplicate": 10, "expired": 10, "not_sent": 30})),
        ((0, 0, 0), (50, 10), (60, 60, {"duplicate": 10})),
        ((70, 60, 10), (50, 0), (70, 60, {"expired": 10, "quarantined": 10})),
        ((0, 0, 0), (0, 0), (0, 0, {})),
    ],
)
def test_the_rows_of_an_abandoned_batch_add_up(
    reported: tuple[int, int, int], counts: tuple[int, int], wanted: tuple[int, int, dict[str, int]]
) -> None:
    abandoned = batch(
        status="abandoning",
        abandoned_at="2026-11-28T10:00:00Z",
        abandoned_by="ann",
        rows_read=reported[0],
        rows_sent=reported[1],
        refused={"expired": reported[2]},
        counted=counted(
            accepted=counts[0], duplicates=counts[1], final=False, since=NOW_S - GRACE_S
        ),
    )
    progress = progress_of(abandoned, windows(), NOW_S)
    assert progress.settled
    assert (progress.rows_read, progress.rows_sent, progress.refused) == wanted
    assert progress.rows_read == progress.rows_accepted + sum(progress.refused.values())
    assert (progress.abandoned_at, progress.abandoned_by) == ("2026-11-28T10:00:00Z", "ann")
