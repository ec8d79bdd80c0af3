from __future__ import annotations

from collections.abc import Callable

import pytest

from stream_ingest.contracts import table
from stream_ingest.contracts import window_lifecycle as lifecycle
from stream_ingest.contracts.errors import ConflictError
from stream_ingest.contracts.naming import window_id
from stream_ingest.contracts.table import WindowStatus
from stream_ingest.contracts.window_lifecycle import Move
from stream_ingest.windowing.window_repository import WindowErasedError, WindowRepository, item_in
from tests.fakes.collage.events import window_image, window_ready
from tests.fakes.ingest.aws import TABLE, IngestAws

NOW_S = 1_800_000_000
EVENT = window_ready([window_image("http://a/b"), window_image("http://a/c")], creator="ann")
LEASED = {"lease_owner": "me", "lease_until": NOW_S + 1, "attempts": 1}
OVER = {**LEASED, "lease_until": NOW_S - 1}
STATES: dict[str, dict[str, object]] = {
    "ready": {"status": "ready"},
    "queued": {"status": "ready", "stage": "queued"},
    "processing": {"status": "ready", "stage": "processing", **LEASED},
    "lease over": {"status": "ready", "stage": "processing", **OVER},
    "old queued": {"status": "queued"},
    "old processing": {"status": "processing", **LEASED},
    "old lease over": {"status": "processing", **OVER},
    "completed": {"status": "completed", "attempts": 1},
    "partial": {"status": "partial", "attempts": 1},
    "failed": {"status": "failed", "attempts": 1},
    "completed by this replay": {"status": "completed", "attempts": 1, "replayed_as": "r"},
}
"""Items as they are stored; the old ones have their stage in ``status``."""
FREE = {"ready", "queued", "lease over", "old queued", "old lease over"}
LEASES = {"processing", "lease over", "old processing", "old lease over"}


def claim(replay: str | None) -> Move:
    return lifecycle.claim(
        EVENT, owner="other", now_s=NOW_S, until_s=NOW_S + 100, date="2026-11-20", replay=replay
    )


CLAIM_ABSENT = lifecycle.claim_absent(EVENT, owner="other", until_s=NOW_S + 100, date="2026-11-20")


def end(owner: str) -> Move:
    return lifecycle.finish(owner, {"status": "completed", "images_ok": 2}, None)


def abandon(*seen: str | None) -> Move:
    status, stage = seen
    return lifecycle.abandon(
        seen=(str(status), stage),
        attempts=1,
        reason="x",
        failures={},
        images_failed=2,
        completed_at="2026-11-21",
    )


MOVES: dict[str, tuple[Move, set[str]]] = {
    "queue": (lifecycle.queue(NOW_S), FREE),
    "claim": (claim(None), FREE),
    "claim by a replay": (claim("r"), {*FREE, "completed", "partial", "failed"}),
    "finish": (end("me"), LEASES),
    "finish by another owner": (end("other"), set()),
    "keep collage": (
        lifecycle.keep_collage("me", WindowStatus.PARTIAL, None, "worse"),
        LEASES,
    ),
    "release": (lifecycle.release("me", NOW_S), LEASES),
    "abandon": (abandon("ready", "processing"), {"processing", "lease over"}),
    "abandon a ready one": (abandon("ready", None), {"ready"}),
    "abandon an old one": (abandon("processing", None), {"old processing", "old lease over"}),
    "restore": (
        lifecycle.restore(seen=("ready", "processing"), attempts=1, status=WindowStatus.COMPLETED),
        {"processing", "lease over"},
    ),
}


@pytest.fixture
def in_state(aws: IngestAws) -> Callable[[str], WindowRepository]:
    """Put a window into one of `STATES` and return the repository."""

    def put(state: str) -> WindowRepository:
        aws.set_item("ann", "window#000012", **STATES[state])
        return WindowRepository(aws.dynamodb, TABLE)

    return put


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("state", STATES)
def test_a_move_is_made_from_the_states_that_the_table_names_and_from_no_other(
    in_state: Callable[[str], WindowRepository], state: str, move: str
) -> None:
    windows = in_state(state)
    before = windows.get("ann", "window#000012")
    chosen, allowed = MOVES[move]
    if state in allowed:
        windows.move("ann:000012", chosen)
        assert windows.get("ann", "window#000012") != before
    else:
        with pytest.raises(ConflictError):
            windows.move("ann:000012", chosen)
        assert windows.get("ann", "window#000012") == before


@pytest.mark.parametrize(
    ("move", "status"),
    [
        ("claim", "processing"),
        ("finish", "completed"),
        ("keep collage", "partial"),
        ("release", "queued"),
        ("abandon", "failed"),
        ("restore", "completed"),
    ],
)
def test_a_window_has_a_lease_exactly_while_it_is_processed_and_is_due_until_it_has_ended(
    in_state: Callable[[str], WindowRepository], move: str, status: str
) -> None:
    windows = in_state("lease over")
    windows.move("ann:000012", MOVES[move][0])
    window = windows.get("ann", "window#000012")
    assert window is not None
    assert table.window_status(window) == status
    assert ("stage" in window) is (status not in table.ENDED)
    assert ("lease_owner" in window) is (status == "processing")
    assert ("due_at" in window) is (status not in table.ENDED)


def test_a_window_that_does_not_exist_can_be_claimed_but_not_queued(aws: IngestAws) -> None:
    """The event of a replay into an empty table has all that identifies a window."""
    windows = WindowRepository(aws.dynamodb, TABLE)
    with pytest.raises(ConflictError):
        windows.move("ann:000012", lifecycle.queue(NOW_S))
    with pytest.raises(ConflictError) as refused:
        windows.exchange(window_id("ann", 12), claim(None))
    assert item_in(refused.value) == {}
    windows.create(window_id("ann", 12), CLAIM_ABSENT, NOW_S)
    window = windows.get("ann", "window#000012")
    assert window is not None
    assert (window["creator"], window["image_count"], window["attempts"]) == ("ann", 2, 1)


def test_a_window_that_was_erased_with_its_creator_cannot_be_claimed(aws: IngestAws) -> None:
    """Only a window that closed after the erasure is another one."""
    windows = WindowRepository(aws.dynamodb, TABLE)
    aws.set_item("ann", "state", erased_at=NOW_S)
    with pytest.raises(WindowErasedError):
        windows.create("ann:000012", CLAIM_ABSENT, NOW_S)
    assert windows.get("ann", "window#000012") is None
    windows.create("ann:000012", CLAIM_ABSENT, NOW_S + 1)
    with pytest.raises(ConflictError) as refused:
        windows.create("ann:000012", CLAIM_ABSENT, NOW_S + 1)
    assert not isinstance(refused.value, WindowErasedError)


def test_a_refused_exchange_tells_what_it_found(
    in_state: Callable[[str], WindowRepository],
) -> None:
    windows = in_state("processing")
    with pytest.raises(ConflictError) as refused:
        windows.exchange("ann:000012", claim(None))
    found = item_in(refused.value)
    assert (found["lease_owner"], table.window_status(found)) == ("me", "processing")
