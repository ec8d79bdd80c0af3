from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_ingest.windowing.rules.overdue import (
    MAX_EMISSIONS,
    Action,
    OverdueWindow,
    abandon_reason,
    action_on,
)
from tests.fakes.ingest.rows import NOW_S

WINDOW = OverdueWindow(
    key="ann",
    item="window#000001",
    window_id="ann:000001",
    creator="ann",
    batch_id="b",
    trigger="csv-push",
    status="queued",
    image_count=3,
)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": "ready"}, Action.EMIT),
        ({"status": "queued"}, Action.EMIT),
        ({"status": "queued", "attempts": 2}, Action.EMIT),
        ({"status": "queued", "attempts": 3}, Action.ABANDON),
        ({"status": "queued", "emissions": MAX_EMISSIONS - 1}, Action.EMIT),
        ({"status": "queued", "emissions": MAX_EMISSIONS}, Action.ABANDON),
        ({"stage": "processing", "lease_until": NOW_S, "attempts": 1}, Action.LEAVE),
        ({"stage": "processing", "lease_until": NOW_S - 1, "attempts": 1}, Action.EMIT),
        ({"status": "processing", "lease_until": NOW_S, "attempts": 1}, Action.LEAVE),
        ({"status": "processing", "lease_until": NOW_S - 1, "attempts": 1}, Action.EMIT),
        ({"status": "processing", "lease_until": NOW_S - 1, "attempts": 3}, Action.ABANDON),
        ({"status": "processing", "lease_until": NOW_S, "attempts": 3}, Action.LEAVE),
        ({"status": "completed", "attempts": 9}, Action.LEAVE),
        ({"status": "partial"}, Action.LEAVE),
        ({"status": "failed"}, Action.LEAVE),
    ],
)
def test_the_action_follows_from_the_status_item_alone(
    changes: dict[str, Any], expected: Action
) -> None:
    window = msgspec.structs.replace(WINDOW, **changes)
    assert action_on(window, NOW_S, max_attempts=3) is expected


def test_the_reason_says_whether_a_worker_claimed_it() -> None:
    assert "3 attempts" in abandon_reason(msgspec.structs.replace(WINDOW, attempts=3))
    assert "emitted 5 times" in abandon_reason(msgspec.structs.replace(WINDOW, emissions=5))
