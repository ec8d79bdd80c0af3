from __future__ import annotations

import pytest

from stream_ingest.contracts.window_lifecycle import OUTBOX_DELAY_S, REQUEUE_AFTER_S
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.overdue import MAX_EMISSIONS
from stream_ingest.windowing.sweeper.sweep import Sweep
from tests.fakes.ingest.aws import IngestAws
from tests.fakes.ingest.rows import NOW_S, arrivals, header


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
def test_a_window_that_has_a_collage_keeps_it_when_its_replay_is_abandoned(
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


def test_a_worker_that_claims_while_it_is_abandoned_keeps_it(
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
