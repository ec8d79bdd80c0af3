from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import msgspec
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from ops_dashboard.inspect.window_record import WindowRecord
from ops_dashboard.recovery.replay import ArchiveReplay, is_retryable, lag_warning, replay_name
from ops_dashboard.recovery.replay_result import ReplayResult, summary_of

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
WINDOW = WindowRecord(
    window_id="ann:000001",
    creator="ann",
    batch_id="b",
    status="partial",
    closed_at="2026-11-21T11:00:00+00:00",
    image_count=3,
)


def window(**changes: object) -> WindowRecord:
    return msgspec.structs.replace(WINDOW, **changes)


@pytest.mark.parametrize(("minutes_ago", "warns"), [(0, True), (9, True), (10, False), (11, False)])
def test_a_range_that_ends_in_the_last_ten_minutes_gives_a_warning(
    minutes_ago: int, *, warns: bool
) -> None:
    warning = lag_warning(NOW - timedelta(minutes=minutes_ago), NOW)
    assert (warning is not None) == warns
    assert warning is None or "2026-11-21T11:50:00Z" in warning


@pytest.mark.parametrize(
    ("changes", "chosen"),
    [
        ({"failures": {"timeout": 1}}, True),
        ({"failures": {"not_found": 1}}, False),
        ({"failures": {"not_found": 1, "connection": 2}}, True),
        ({"status": "failed", "failures": {"expired": 3}}, False),
        ({"status": "failed", "failures": {}, "error": "no worker ended it"}, True),
        ({"status": "completed", "failures": {"timeout": 1}}, False),
        ({"status": "processing", "error": "x"}, False),
    ],
)
def test_only_failures_that_may_have_passed_are_retried(
    changes: dict[str, object], *, chosen: bool
) -> None:
    assert is_retryable(window(**changes)) is chosen


def cancel(code: str, message: str) -> None:
    """Cancel a replay that EventBridge refuses to cancel."""
    events = boto3.client("events", region_name="us-east-1")
    outputs: Any = None
    with Stubber(events) as refusing:
        refusing.add_client_error("cancel_replay", code, message, http_status_code=400)
        ArchiveReplay(events, outputs).cancel("replay")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("IllegalStatusException", "Replay replay is not in a valid state for this operation."),
        ("ResourceNotFoundException", "Replay replay does not exist."),
        ("ValidationException", "Replay is already completed"),
    ],
)
def test_a_replay_that_has_ended_need_not_be_cancelled(code: str, message: str) -> None:
    cancel(code, message)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ValidationException", "1 validation error detected: Value at 'replayName' failed"),
        ("ConcurrentModificationException", "Replay replay was modified by another request."),
        ("AccessDeniedException", "not authorized to perform: events:CancelReplay"),
    ],
)
def test_a_replay_that_cannot_be_cancelled_for_another_reason_is_an_error(
    code: str, message: str
) -> None:
    with pytest.raises(ClientError, match=code):
        cancel(code, message)


def test_names_of_replays_differ_within_a_second() -> None:
    """AWS keeps a name for 90 days."""
    names = {replay_name("replay", NOW + timedelta(microseconds=step)) for step in range(3)}
    assert len(names) == 3
    assert all(len(name) <= 64 for name in names)


@pytest.mark.parametrize(
    ("by_status", "waiting", "summary"),
    [
        ({"completed": 3}, 0, "3 of 3 rebuilt (3 completed)"),
        ({"completed": 1, "partial": 1}, 1, "2 of 3 rebuilt (1 completed, 1 partial)"),
        (
            {"completed": 2, "kept": 1},
            0,
            "2 of 3 rebuilt (2 completed); 1 kept the earlier collage (see trace)",
        ),
        ({}, 3, "0 of 3 rebuilt"),
    ],
)
def test_the_summary_says_what_was_built(
    by_status: dict[str, int], waiting: int, summary: str
) -> None:
    end = ReplayResult(name="r", windows=3, by_status=by_status, waiting=waiting)
    assert summary_of(end) == summary
