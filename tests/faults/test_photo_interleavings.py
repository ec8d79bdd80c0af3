"""Two workers on one photo, which take turns at their calls.

The first makes some calls, its photo is changed, the second makes some, and then each continues to
its end, or the first is killed on its way. A schedule is data, and the tests run all of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import pytest
from msgspec.structs import replace

from rendition_lambda import lifecycle
from rendition_lambda.photo_item import Photo, to_item
from rendition_lambda.photo_work import PhotoWork
from rendition_lambda.repository import PhotoRepository
from stream_ingest.aws.items import to_wire
from tests.fakes.photos.account import TABLE, VISIBILITY_S, PhotoAccount
from tests.faults.harness.injector import Fault, Kind
from tests.faults.harness.photo_history import check_end, check_redelivery
from tests.faults.harness.tasks import Task

KEY = "g/a.jpg"
ALL = 1_000
EACH_CALL = (Fault(Kind.PAUSED_BEFORE, times=ALL),)


@dataclass
class Worker:
    """One invocation, which pauses before each of its calls."""

    account: PhotoAccount

    def __post_init__(self) -> None:
        self._task = Task(lambda: self.account.deliver(faults=EACH_CALL))
        self._task.resume()

    def run(self, calls: int = ALL) -> int:
        """Make so many calls, or as many as there are; return how many."""
        for made in range(calls):
            if self._task.is_done:
                return made
            self._task.resume()
        return calls

    def kill(self) -> None:
        """End before the next call."""
        self._task.kill()


def replace_photo(account: PhotoAccount) -> None:
    account.put(KEY, b"two")


def announce_again(account: PhotoAccount) -> None:
    account.request(KEY)


def delete_photo(account: PhotoAccount) -> None:
    account.delete(KEY)


Change = Callable[[PhotoAccount], None]
CHANGES: tuple[Change, ...] = (replace_photo, delete_photo, announce_again)
EVERY = 15
"""One of so many schedules is run in the normal suite, and one of two where a worker dies."""


class Schedule(NamedTuple):
    """Calls of the first worker, of the second, then of the first until it is killed."""

    change: Change
    is_rendered: bool
    """Whether the photo had renditions of an earlier version."""
    first: int
    second: int
    killed_after: int = ALL


def before(*, is_rendered: bool) -> PhotoAccount:
    account = PhotoAccount()
    if is_rendered:
        account.put(KEY, b"zero")
        account.drain()
    account.put(KEY, b"one")
    return account


@cache
def calls(*, is_rendered: bool) -> int:
    """Return how many calls a worker makes for a photo."""
    return Worker(before(is_rendered=is_rendered)).run()


def deaths(change: Change, *, is_rendered: bool) -> Iterator[Schedule]:
    """Yield the first worker's death at every call, after the second has finished."""
    most = calls(is_rendered=is_rendered)
    for first, later in itertools.product(range(most, -1, -1), range(most)):
        yield Schedule(change, is_rendered, first, ALL, later)


def turns(change: Change, *, is_rendered: bool) -> Iterator[Schedule]:
    """Yield both workers' turns at every call."""
    each = range(calls(is_rendered=is_rendered) + 1)
    for first, second in itertools.product(each, each):
        yield Schedule(change, is_rendered, first, second)


def schedules() -> Iterator[Schedule]:
    """Yield every schedule, those that show a fault first."""
    for change, is_rendered in itertools.product(CHANGES, (True, False)):
        yield from deaths(change, is_rendered=is_rendered)
        yield from turns(change, is_rendered=is_rendered)


def run(schedule: Schedule) -> None:
    """Run a schedule, deliver what is left, and check the end."""
    account = before(is_rendered=schedule.is_rendered)
    first = Worker(account)
    first.run(schedule.first)
    schedule.change(account)
    second = Worker(account)
    second.run(schedule.second)
    first.run(schedule.killed_after)
    first.kill()
    second.run()
    account.drain()
    check_end(account)
    check_redelivery(account)


def without_lease(patch: pytest.MonkeyPatch) -> None:
    """Let a worker claim what another has claimed."""
    claim = lifecycle.claim

    def claimed(photo: Photo | None, **options: object) -> Photo:
        free = replace(photo, lease_until=0) if photo else None
        return claim(free, **options)  # type: ignore[arg-type]

    patch.setattr(lifecycle, "claim", claimed)


def without_revision(patch: pytest.MonkeyPatch) -> None:
    """Let a worker write what another has written since it was read."""

    def save(self: PhotoRepository, photo: Photo) -> None:
        self._dynamodb.put_item(TableName=TABLE, Item=to_wire(to_item(photo)))

    patch.setattr(PhotoRepository, "save", save)


def without_either(patch: pytest.MonkeyPatch) -> None:
    without_lease(patch)
    without_revision(patch)


def without_check(patch: pytest.MonkeyPatch) -> None:
    """Let a worker change outputs after its lease."""
    patch.setattr(PhotoWork, "_check_lease", lambda _: None)


def check(found: Iterable[Schedule]) -> None:
    for schedule in found:
        try:
            run(schedule)
        except AssertionError as error:
            error.add_note(str(schedule))
            raise


def test_a_replaced_photo_ends_as_its_version_wherever_a_worker_dies() -> None:
    assert calls(is_rendered=True) > 10
    check(itertools.islice(deaths(replace_photo, is_rendered=True), 0, None, 2))


def test_a_photo_ends_as_its_version_however_two_workers_take_turns() -> None:
    check(itertools.islice(schedules(), 0, None, EVERY))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_photo_ends_as_its_version_in_every_schedule() -> None:
    check(schedules())


@pytest.mark.parametrize("mutant", [without_lease, without_revision, without_either])
def test_the_schedules_find_workers_that_disregard_each_other(
    mutant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        check(deaths(replace_photo, is_rendered=True))


def outputs_of_a_late_worker(calls_before: int) -> int:
    """Return how many outputs a worker puts that continues after its lease, when another is done.

    Lambda kills it before that, so only a clock that jumps can make it happen.
    """
    account = before(is_rendered=True)
    late = Worker(account)
    late.run(calls_before)
    account.clock.advance(2 * VISIBILITY_S)
    replace_photo(account)
    account.request(KEY)
    Worker(account).run()
    puts = account.s3.puts
    late.run()
    return account.s3.puts - puts


def test_a_worker_changes_no_output_after_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """At each of its calls before the first output."""
    made = Worker(before(is_rendered=True))
    account = made.account
    puts, until_outputs = account.s3.puts, 0
    while account.s3.puts == puts:
        until_outputs += made.run(1)
    claimed = range(3, until_outputs - 1)
    assert [outputs_of_a_late_worker(each) for each in claimed] == [0] * len(claimed)

    without_check(monkeypatch)
    assert outputs_of_a_late_worker(until_outputs - 2) > 0
