"""A job sends what differs, once, wherever it is killed."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from ops_dashboard.photos.jobs.job import Job
from ops_dashboard.photos.jobs.needs import Need, Selection
from ops_dashboard.photos.jobs.runner import GROUP
from rendition_lambda.messages import read_hints
from rendition_lambda.photo_item import STATUS, PhotoStatus
from rendition_lambda.recipe import RENDITIONS, Recipe, recipe_of
from stream_ingest.contracts.errors import UserError
from tests.fakes.photos.job_account import JobAccount
from tests.fakes.photos.renderer import BROKEN
from tests.fakes.photos.s3 import OTHER, UPLOADS
from tests.faults.harness.injector import Fault, Kind

KILLS = (
    Fault(Kind.KILLED_BEFORE, 1, "s3", "list_object_versions"),
    Fault(Kind.KILLED_AFTER, 0, "sqs", "send_message_batch"),
    Fault(Kind.KILLED_BEFORE, 0, "dynamodb", "put_item"),
    Fault(Kind.KILLED_AFTER, 0, "dynamodb", "put_item"),
    Fault(Kind.KILLED_AFTER, 0, "dynamodb", "batch_get_item"),
    Fault(Kind.KILLED_AFTER, 1, "dynamodb", "put_item"),
)


def fewer_outputs(key: str) -> Recipe | None:
    recipe = recipe_of(key)
    return replace(recipe, outputs=recipe.outputs[1:]) if recipe else None


def in_this_release(patch: pytest.MonkeyPatch, recipes: Callable[[str], Recipe | None]) -> None:
    for module in ("needs", "runner"):
        patch.setattr(f"ops_dashboard.photos.jobs.{module}.recipe_of", recipes)
    patch.setattr("rendition_lambda.names.recipe_of", recipes)


def fill(account: JobAccount, count: int) -> list[str]:
    keys = [f"g{at % 7}/p{at:05}.jpg" for at in range(count)]
    for key in keys:
        account.s3.upload(key, key.encode())
    return keys


def check_killed_at_each_page(account: JobAccount, keys: list[str], first_call: int = 0) -> int:
    """Run a backfill in processes that are killed, each somewhere; return how many there were."""
    job = account.begin()
    processes = 0
    while True:
        fault = dataclasses.replace(KILLS[processes % len(KILLS)], nth=first_call)
        processes += 1
        if account.finish(account.store().load(job.name), [fault]):
            break
        assert processes < 10 * len(keys)
    hints = Counter(
        hint.key
        for body, n in account.batches.sent.items()
        for hint in n * read_hints(body, UPLOADS)
    )
    assert hints.keys() == set(keys)
    assert hints.total() <= len(keys) + processes * GROUP
    account.work()
    assert account.s3.puts == len(keys) * len(RENDITIONS.outputs)
    items = account.dynamodb.items.values()
    found = Counter(item["status"]["S"] for item in items if STATUS in item)
    assert found == {PhotoStatus.ACTIVE: len(keys)}
    return processes


def test_a_backfill_that_is_killed_at_each_page_renders_each_photo_once() -> None:
    account = JobAccount(page_keys=20, refuses=7)
    keys = fill(account, 150)

    assert check_killed_at_each_page(account, keys) > 10
    assert account.backfill() == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_backfill_of_ten_thousand_that_is_killed_at_each_page_renders_each_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = JobAccount(refuses=7)
    keys = fill(account, 10_000)

    assert check_killed_at_each_page(account, keys, first_call=4) > 10
    assert account.backfill() == 0
    in_this_release(monkeypatch, fewer_outputs)
    account.recipe_of = fewer_outputs
    assert account.backfill() == 10_000
    assert account.backfill() == 0


def test_what_is_done_is_not_sent_and_after_a_change_of_recipe_everything_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account = JobAccount(page_keys=20)
    keys = fill(account, 30)
    account.s3.upload("cat.jpg", b"cat")
    account.s3.upload("g1/notes.txt", b"text")
    account.s3.upload("g1/", b"")

    assert account.backfill() == len(keys) + 2
    assert account.backfill() == 0
    in_this_release(monkeypatch, fewer_outputs)
    account.recipe_of = fewer_outputs
    assert account.backfill() == len(keys) + 1
    assert account.backfill() == 0


def test_hopeless_photos_are_never_sent_again_unless_they_are_asked_for() -> None:
    account = JobAccount()
    account.s3.upload("g/broken.jpg", BROKEN)
    account.s3.upload("g/fine.jpg", b"fine")

    assert account.backfill() == 2
    assert account.backfill() == 0
    assert account.backfill(Selection(bucket=UPLOADS, failed=True)) == 1
    account.s3.upload("g/broken.jpg", b"mended")
    assert account.backfill() == 1
    assert account.backfill(Selection(bucket=UPLOADS, failed=True)) == 0


def test_a_photo_that_killed_the_function_at_each_receipt_is_hopeless_too() -> None:
    account = JobAccount()
    account.put("g/a.jpg", b"one")
    while account.queue.messages:
        if not account.deliver(faults=[Fault(Kind.KILLED_BEFORE, service="render")]):
            account.clock.advance(721)

    counts = account.runner().count(account.begin())
    assert counts == {("renditions", Need.HOPELESS): 1}
    account.s3.upload("g/a.jpg", b"two")
    assert account.backfill() == 1


def test_a_replaced_photo_whose_event_was_lost_is_found() -> None:
    account = JobAccount()
    keys = fill(account, 5)
    account.backfill()
    account.s3.upload(keys[3], b"new")

    assert account.backfill() == 1
    assert account.s3.current(keys[3]).id == account.photo(keys[3]).version  # type: ignore[union-attr]


@pytest.mark.parametrize("erased", [False, True], ids=["a delete marker", "no version is left"])
def test_outputs_of_an_object_that_is_gone_are_found_and_removed(erased: bool) -> None:  # noqa: FBT001 - a case
    account = JobAccount(page_keys=3)
    keys = fill(account, 20)
    account.s3.upload("a.jpg", b"one")
    account.s3.upload("z.jpg", b"two")
    account.backfill()
    for key in (keys[0], keys[7], "a.jpg", "z.jpg"):
        if erased:
            account.s3.erase(key)
        else:
            account.s3.remove(key)

    assert account.backfill(Selection(bucket=UPLOADS, prefix="g0/")) == 2
    assert account.backfill() == 2
    assert len(account.s3.outputs) == 18 * len(RENDITIONS.outputs)
    assert account.backfill() == 0


def test_only_the_prefix_is_gone_through() -> None:
    account = JobAccount(page_keys=4)
    keys = fill(account, 30)

    wanted = {key for key in keys if key.startswith("g3/")}
    assert account.backfill(Selection(bucket=UPLOADS, prefix="g3/")) == len(wanted)
    assert {photo.photo for photo in account.photos()} == wanted


def test_a_counting_sends_and_writes_nothing() -> None:
    account = JobAccount()
    fill(account, 5)
    account.s3.upload("cat.jpg", b"cat")
    job = account.begin()
    before = dict(account.dynamodb.items)

    assert account.runner().count(job) == {
        ("renditions", Need.RENDER): 5,
        ("augmentation", Need.RENDER): 1,
    }
    assert account.dynamodb.items == before
    assert not account.batches.bodies


def render_again(account: JobAccount) -> Job:
    return account.begin(Selection(bucket=UPLOADS, recipe="renditions", again=True), kind="render")


def test_everything_of_a_recipe_is_rendered_again_once_although_the_job_was_killed() -> None:
    account = JobAccount(page_keys=20)
    keys = fill(account, 50)
    account.s3.upload("cat.jpg", b"cat")
    account.s3.upload("g1/broken.jpg", BROKEN)
    account.backfill()
    puts = account.s3.puts
    job = render_again(account)

    for at in range(100):
        if account.finish(account.store().load(job.name), [KILLS[at % len(KILLS)]]):
            break
    account.work()
    assert account.s3.puts - puts == len(keys) * len(RENDITIONS.outputs)
    assert account.s3.puts - puts < len(account.batches.sent) * 2 * len(RENDITIONS.outputs)

    second = render_again(account)
    account.finish(second)
    account.work()
    assert account.s3.puts - puts == 2 * len(keys) * len(RENDITIONS.outputs)


def test_a_job_that_is_continued_elsewhere_stops_here() -> None:
    account = JobAccount(page_keys=5)
    fill(account, 20)
    job = account.begin()
    assert account.finish(job, [Fault(Kind.KILLED_AFTER, 1, "dynamodb", "put_item")]) is None
    there = account.store().load(job.name)
    account.runner().run(there)

    with pytest.raises(UserError, match="continued by another process"):
        account.runner().run(there)


def test_a_finished_job_is_not_among_those_to_continue() -> None:
    account = JobAccount()
    fill(account, 3)
    job = account.begin()
    assert [each.name for each in account.store().unfinished()] == [job.name]
    account.runner().run(job)
    assert account.store().unfinished() == []


def test_photos_of_another_bucket_are_rendered_without_being_copied() -> None:
    account = JobAccount(page_keys=3)
    fill(account, 4)
    account.backfill()
    for at in range(5):
        account.s3.upload(f"g1/p{at:05}.jpg", b"theirs %d" % at, OTHER)
    selection = Selection(bucket=OTHER)

    def backfill() -> int:
        before = len(account.batches.bodies)
        account.other_runner().run(account.begin(selection))
        sent = len(account.batches.bodies) - before
        account.work()
        return sent

    assert backfill() == 5
    assert backfill() == 0
    assert len(account.s3.outputs) == 9 * len(RENDITIONS.outputs)
    account.s3.remove("g1/p00001.jpg", OTHER)
    account.s3.upload("g1/p00002.jpg", b"new", OTHER)
    assert backfill() == 2
    assert backfill() == 0
    assert account.backfill() == 0
    assert len(account.s3.outputs) == 8 * len(RENDITIONS.outputs)


def test_a_name_that_is_too_long_is_counted_and_not_sent() -> None:
    account = JobAccount()
    account.s3.upload("g/" + "k" * 1_020, b"x", OTHER)
    job = account.begin(Selection(bucket=OTHER))

    assert account.other_runner().count(job) == {("renditions", Need.TOO_LONG): 1}
