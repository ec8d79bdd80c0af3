from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stream_ingest.contracts.window_lifecycle import OUTBOX_DELAY_S, REQUEUE_AFTER_S
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.overdue import (
    MAX_EMISSIONS,
    Action,
    OverdueWindow,
    abandon_reason,
    action_on,
)
from stream_ingest.windowing.sweeper.sweep import Sweep
from tests.fakes.ingest.aws import IngestAws
from tests.fakes.ingest.rows import NOW_S, arrivals, header

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


def put_window(aws: IngestAws) -> None:
    state = aws.store.load(["ann"])["ann"]
    rows = arrivals([1, 2], header(images=2))
    aws.store.commit(state, fold(state, rows, NOW_S, Rules()), NOW_S)


def test_a_window_whose_message_is_a_dead_letter_ends_as_failed(aws: IngestAws) -> None:
    put_window(aws)
    aws.set_item("ann", "window#000001", status="processing", attempts=3, lease_until=NOW_S)
    aws.clock.advance(OUTBOX_DELAY_S)
    assert aws.sweeper().sweep() == Sweep(abandoned=("ann:000001",))
    window = aws.item("ann", "window#000001")
    assert window is not None
    assert window["status"] == "failed"
    assert "3 attempts" in window["error"]
    assert window["failures"] == {"abandoned": 2}
    assert (window["images_ok"], window["images_failed"]) == (0, 2)
    assert "due_at" not in window
    (detail,) = aws.bus.details("CollageFailed")
    assert (detail["window_id"], detail["failures"]) == ("ann:000001", {"abandoned": 2})
    assert aws.sweeper().sweep() == Sweep()


@pytest.mark.parametrize(("images_ok", "status"), [(2, "completed"), (1, "partial")])
def test_a_window_that_has_a_collage_keeps_it_when_its_replay_is_given_up_on(
    aws: IngestAws, images_ok: int, status: str
) -> None:
    put_window(aws)
    before = {"images_ok": images_ok, "images_failed": 2 - images_ok, "collage_key": "collages/1"}
    aws.set_item(
        "ann", "window#000001", status="processing", attempts=3, lease_until=NOW_S, **before
    )
    aws.clock.advance(OUTBOX_DELAY_S)
    assert aws.sweeper().sweep() == Sweep()
    window = aws.item("ann", "window#000001")
    assert window is not None
    assert {name: window[name] for name in before} == before
    assert (window["status"], window.keys() & {"due_at", "error"}) == (status, set())
    assert not aws.bus.details("CollageFailed")


def test_a_window_that_no_worker_ever_takes_up_ends_as_failed(aws: IngestAws) -> None:
    put_window(aws)
    aws.clock.advance(OUTBOX_DELAY_S)
    for _ in range(MAX_EMISSIONS):
        assert aws.sweeper().sweep() == Sweep(emitted=1)
        aws.clock.advance(REQUEUE_AFTER_S)
    assert aws.sweeper().sweep() == Sweep(abandoned=("ann:000001",))


def test_a_dead_workers_window_is_queued_again_and_not_emitted_every_minute(
    aws: IngestAws,
) -> None:
    put_window(aws)
    aws.set_item("ann", "window#000001", status="processing", attempts=1, lease_until=NOW_S)
    aws.clock.advance(OUTBOX_DELAY_S)
    assert aws.sweeper().sweep() == Sweep(emitted=1)
    aws.clock.advance(60)
    assert aws.sweeper().sweep() == Sweep()


def test_a_worker_that_claims_while_it_is_given_up_on_keeps_it(
    aws: IngestAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_window(aws)
    aws.set_item("ann", "window#000001", status="queued", attempts=3)
    aws.clock.advance(OUTBOX_DELAY_S)

    def claim(_event: object) -> bool:
        aws.set_item("ann", "window#000001", status="processing", attempts=4)
        return False

    monkeypatch.setattr(aws.bus, "refuse", claim)
    assert aws.sweeper().sweep() == Sweep()
    window = aws.item("ann", "window#000001")
    assert window is not None
    assert window["status"] == "processing"
