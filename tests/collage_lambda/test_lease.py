from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from collage_lambda.lease import (
    ClaimRefusal,
    Lease,
    LeaseLostError,
    WindowLeasedError,
    WindowLeases,
)
from collage_lambda.outcomes import WindowEnd
from stream_ingest.contracts import table
from stream_ingest.contracts.table import WindowStatus
from stream_ingest.contracts.window_lifecycle import DUE_MARGIN_S, RETRY_DUE_S
from tests.fakes.collage.aws import TABLE, CollageAws
from tests.fakes.collage.events import window_image, window_ready

EVENT = window_ready([window_image("http://a/b"), window_image("http://a/c")])
ID = EVENT.window_id
NOW_S = 1_800_000_000
END = WindowEnd(
    status=WindowStatus.PARTIAL,
    images_ok=1,
    images_failed=1,
    failures={"not_found": 1},
    completed_at="2026-11-20T23:31:00+00:00",
    duration_ms=1_234,
    collage_key="collages/x.jpg",
    thumbnail_key="thumbnails/x.jpg",
    metadata_key="metadata/x.json",
    originals_key="originals/x.zip",
    collage_sha256="ab" * 32,
)


class Clock:
    now_s: float = NOW_S

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def windows(aws: CollageAws, clock: Clock) -> WindowLeases:
    return WindowLeases(aws.dynamodb, TABLE, clock)


def claim(
    windows: WindowLeases, owner: str = "me", replay: str | None = None, lease_s: float = 100
) -> Lease | ClaimRefusal:
    return windows.claim(EVENT, replay=replay, owner=owner, lease_s=lease_s)


def claimed(windows: WindowLeases, **options: object) -> Lease:
    lease = claim(windows, **options)
    assert isinstance(lease, Lease)
    return lease


@pytest.mark.parametrize("status", ["ready", "queued"])
def test_a_waiting_window_is_claimed(windows: WindowLeases, aws: CollageAws, status: str) -> None:
    aws.put_window(ID, status=status, closed_because="full", due_shard="due#0", due_at=1)
    lease = claimed(windows)
    assert (lease.owner, lease.until_s, lease.attempt) == ("me", NOW_S + 100, 1)
    item = aws.window(ID)
    assert table.window_status(item) == "processing"
    assert item["lease_owner"] == "me"
    assert item["lease_until"] == NOW_S + 100
    assert item["due_shard"] == table.due_shard("charli")
    assert item["due_at"] == NOW_S + 100 + DUE_MARGIN_S
    assert item["closed_because"] == "full"


def test_a_window_that_is_not_in_the_table_is_made_from_its_event(
    windows: WindowLeases, aws: CollageAws
) -> None:
    """A replay into an empty table must show up in every index."""
    claimed(windows, replay="again")
    item = aws.window(ID)
    assert {name: item[name] for name in ("window_id", "creator", "batch_id", "trigger")} == {
        "window_id": ID,
        "creator": "charli",
        "batch_id": "batch-1",
        "trigger": "stream-push",
    }
    assert item["processing_date"] == "2026-11-20T23:30:00Z"
    assert item["image_count"] == 2


def test_a_window_under_a_lease_belongs_to_its_holder(windows: WindowLeases, clock: Clock) -> None:
    held = claimed(windows)
    clock.now_s += 100
    for replay in (None, "again"):
        with pytest.raises(WindowLeasedError) as leased:
            claim(windows, "other", replay=replay)
        assert leased.value.until_s == held.until_s


@pytest.mark.parametrize("replay", [None, "again"])
def test_a_claim_whose_answer_was_lost_holds_the_window_and_counts_once(
    windows: WindowLeases, aws: CollageAws, clock: Clock, replay: str | None
) -> None:
    """The SDK repeats the call under the same owner and finds the first call's lease."""
    windows.finish(claimed(windows, owner="before", replay=replay and "earlier"), END)
    if replay is None:
        aws.put_window(ID, status="queued", attempts=1, images_ok=1)
    first = claimed(windows, owner="me", replay=replay)
    before = aws.window(ID)
    clock.now_s += 3
    assert claimed(windows, owner="me", replay=replay) == first
    assert aws.window(ID) == before
    assert (before["attempts"], first.attempt, first.images_before) == (2, 2, 1)


def test_a_lease_that_is_over_is_taken_over(
    windows: WindowLeases, aws: CollageAws, clock: Clock
) -> None:
    claimed(windows)
    clock.now_s += 101
    lease = claimed(windows, owner="other")
    assert lease.attempt == 2
    assert aws.window(ID)["lease_owner"] == "other"


def test_an_ended_window_has_its_counts_and_is_not_due_any_more(
    windows: WindowLeases, aws: CollageAws
) -> None:
    windows.finish(claimed(windows), END)
    item = aws.window(ID)
    assert item["status"] == "partial"
    assert (item["images_ok"], item["images_failed"]) == (1, 1)
    assert item["failures"] == {"not_found": 1}
    assert item["collage_key"] == "collages/x.jpg"
    assert item["duration_ms"] == 1_234
    assert not {"due_shard", "due_at", "lease_owner", "lease_until", "replayed_as"} & set(item)


@pytest.mark.parametrize("status", sorted(table.ENDED))
def test_an_ended_window_is_done(windows: WindowLeases, aws: CollageAws, status: str) -> None:
    aws.put_window(ID, status=str(status))
    is_failed = status == table.WindowStatus.FAILED
    assert claim(windows) is (
        ClaimRefusal.ALREADY_FAILED if is_failed else ClaimRefusal.ALREADY_DONE
    )


def test_a_replay_rebuilds_an_ended_window_once(windows: WindowLeases, aws: CollageAws) -> None:
    windows.finish(claimed(windows), END)
    again = claimed(windows, replay="replay-1")
    assert (again.attempt, again.images_before) == (2, 1)
    windows.finish(again, END)
    assert aws.window(ID)["replayed_as"] == "replay-1"
    assert claim(windows, replay="replay-1") is ClaimRefusal.ALREADY_DONE
    assert claim(windows) is ClaimRefusal.ALREADY_DONE
    assert claimed(windows, replay="replay-2").attempt == 3


def test_an_end_says_nothing_that_only_an_earlier_one_had_to_say(
    windows: WindowLeases, aws: CollageAws
) -> None:
    failed = WindowEnd(
        status=WindowStatus.FAILED,
        images_ok=0,
        images_failed=2,
        failures={"timeout": 2},
        completed_at="2026-11-20T23:31:00+00:00",
        duration_ms=1,
        error="every image failed",
    )
    windows.finish(claimed(windows), failed)
    windows.finish(claimed(windows, replay="replay-1"), END)
    assert "error" not in aws.window(ID)


def test_a_replay_that_crashed_is_taken_up_again(windows: WindowLeases, clock: Clock) -> None:
    windows.finish(claimed(windows), END)
    claimed(windows, replay="replay-1")
    clock.now_s += 101
    assert claimed(windows, replay="replay-1").images_before == 1


def test_who_lost_the_lease_ends_nothing(
    windows: WindowLeases, aws: CollageAws, clock: Clock
) -> None:
    mine = claimed(windows)
    clock.now_s += 101
    theirs = claimed(windows, owner="other")
    before = aws.window(ID)
    with pytest.raises(LeaseLostError):
        windows.finish(mine, END)
    with pytest.raises(LeaseLostError):
        windows.keep_collage(mine, 2, "worse")
    windows.release(mine)
    assert aws.window(ID) == before
    windows.finish(theirs, END)
    with pytest.raises(LeaseLostError):
        windows.finish(theirs, END)


def test_a_released_window_is_free_at_once_and_due_later(
    windows: WindowLeases, aws: CollageAws
) -> None:
    windows.release(claimed(windows))
    item = aws.window(ID)
    assert table.window_status(item) == "queued"
    assert item["due_at"] == NOW_S + RETRY_DUE_S
    assert "lease_owner" not in item
    assert claimed(windows, owner="other").attempt == 2


@pytest.mark.parametrize(("image_count", "status"), [(1, "completed"), (2, "partial")])
def test_a_collage_that_is_kept_keeps_its_facts(
    windows: WindowLeases, aws: CollageAws, image_count: int, status: str
) -> None:
    windows.finish(claimed(windows), END)
    windows.keep_collage(claimed(windows, replay="replay-1"), image_count, "worse")
    item = aws.window(ID)
    assert (item["status"], item["replayed_as"]) == (status, "replay-1")
    assert item["collage_sha256"] == END.collage_sha256
    assert "lease_owner" not in item
    assert "due_shard" not in item


def test_a_missing_right_is_no_refusal(aws: CollageAws) -> None:
    """Only a failed condition may be read as one."""
    with pytest.raises(ClientError, match="ResourceNotFound"):
        claim(WindowLeases(aws.dynamodb, "no-such-table", lambda: NOW_S))
