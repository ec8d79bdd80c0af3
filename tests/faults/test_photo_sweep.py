"""A photo whose message is lost, or whose writer died, is brought to its end by the sweep alone."""

from __future__ import annotations

import pytest

from rendition_lambda.photo_item import UNANNOUNCED, PhotoStatus
from rendition_lambda.sweeping.sweep import EXPECTED_AFTER_S, STUCK_AFTER_S, Swept
from tests.fakes.photos.account import VISIBILITY_S, PhotoAccount
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.photo_history import KEYS, check_end, check_redelivery, sweep_all

KEY = KEYS[0]
KILLS = (Kind.KILLED_BEFORE, Kind.KILLED_AFTER)
MAX_CALLS = 25
"""More calls than a delivery makes."""


def left_behind(kind: Kind, nth: int, *, is_rendered: bool = False) -> PhotoAccount:
    """Return an account in which a worker was killed at a call, and its message lost."""
    account = PhotoAccount()
    if is_rendered:
        account.put(KEY, b"zero")
        account.drain()
    account.put(KEY, b"one")
    account.deliver(faults=[Fault(kind, nth)], is_lost=True)
    return account


@pytest.mark.parametrize("is_rendered", [False, True])
@pytest.mark.parametrize("kind", KILLS)
def test_a_photo_ends_although_its_worker_died_at_any_call_and_its_message_is_lost(
    kind: Kind, *, is_rendered: bool
) -> None:
    lost = 0
    for nth in range(MAX_CALLS):
        account = left_behind(kind, nth, is_rendered=is_rendered)
        lost += not account.queue.messages
        account.drain()
        sweep_all(account)
        assert not account.dead_letters.messages
        assert (account.photo(KEY) or pytest.fail("no item")).status is PhotoStatus.ACTIVE
        check_end(account)
        check_redelivery(account)
    assert lost > MAX_CALLS / 2


@pytest.mark.parametrize("kind", [*KILLS, Kind.LOST, Kind.UNREACHABLE, Kind.THROTTLED])
@pytest.mark.parametrize("left_at", [3, 12])
def test_a_sweep_that_fails_at_any_call_is_made_up_by_the_next(kind: Kind, left_at: int) -> None:
    for nth in range(6):
        account = left_behind(Kind.KILLED_AFTER, left_at)
        account.clock.advance(STUCK_AFTER_S + 1)
        account.sweep([Fault(kind, nth)])
        sweep_all(account)
        check_end(account)
        check_redelivery(account)


def test_an_end_that_nobody_announced_reaches_the_bus_within_minutes() -> None:
    account = PhotoAccount()
    account.put(KEY, b"one")
    account.deliver(faults=[Fault(Kind.KILLED_BEFORE, service="events")], is_lost=True)
    photo = account.photo(KEY)
    assert photo is not None
    assert (photo.status, photo.open) == (PhotoStatus.ACTIVE, UNANNOUNCED)

    account.clock.advance(60)
    assert account.sweep() == Swept()  # its writer may still be about to do it
    account.clock.advance(240)
    swept = account.sweep()

    assert (swept.announced, swept.requested, swept.oldest_age_s) == (1, 0, 300)
    assert account.announced(KEY) == [("RenditionsCreated", "v1")]
    check_end(account)


def test_a_photo_that_kills_the_function_each_time_is_announced_and_can_be_redriven() -> None:
    account = PhotoAccount()
    account.put(KEY, b"one")
    while account.queue.messages:
        if not account.deliver(faults=[Fault(Kind.KILLED_BEFORE, service="render")]):
            account.clock.advance(VISIBILITY_S + 1)
    assert account.announced(KEY) == []

    sweep_all(account)

    photo = account.photo(KEY)
    assert photo is not None
    assert (photo.status, photo.reason) == (PhotoStatus.FAILED, "crashed")
    assert account.announced(KEY) == [("RenditionsFailed", "v1")]
    (letter,) = account.dead_letters.messages.values()
    account.queue.send(letter.body)
    account.drain()
    check_end(account)


def test_a_signed_upload_whose_event_was_lost_is_found_and_one_that_never_came_is_not() -> None:
    account = PhotoAccount()
    for key in ("g/a.jpg", "g/never.jpg"):
        account.expect(key)
    account.s3.upload("g/a.jpg", b"one")
    account.clock.advance(EXPECTED_AFTER_S + 60)

    assert account.sweep() == Swept(expected=2)
    account.drain()

    assert (account.photo("g/a.jpg") or pytest.fail("no item")).status is PhotoStatus.ACTIVE
    assert (account.photo("g/never.jpg") or pytest.fail("no item")).status is PhotoStatus.PENDING
    account.clock.advance(EXPECTED_AFTER_S)
    assert account.sweep() == Swept()


def test_a_photo_that_cannot_be_announced_keeps_no_other_waiting() -> None:
    account = PhotoAccount()
    for key in ("g/a.jpg", "g/b.jpg"):
        account.put(key, b"one")
        account.deliver(faults=[Fault(Kind.KILLED_BEFORE, service="events")], is_lost=True)
    account.clock.advance(600)

    swept = account.sweep([Fault(Kind.UNREACHABLE, service="events")])

    assert (swept.announced, len(swept.errors)) == (1, 1)
    assert account.sweep().announced == 1
