"""Which work a photo needs, and what each move changes."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rendition_lambda import lifecycle, names
from rendition_lambda.lifecycle import PhotoLeasedError, Work, work_for
from rendition_lambda.original import Original
from rendition_lambda.photo_item import OutputFacts, Photo, PhotoStatus
from rendition_lambda.reasons import PhotoFailure
from rendition_lambda.recipe import RENDITIONS
from rendition_lambda.render.rendered import Rendered

NOW_S = 1_800_000_000.0
ORIGINAL = Original(
    photo="g/a.jpg", version_id="v1", etag="e1", bytes=5, uploaded_at="2027-01-15T08:00:00Z"
)
NEWER = replace(ORIGINAL, version_id="v2")
DONE = Photo(
    gallery="g",
    photo="g/a.jpg",
    status=PhotoStatus.ACTIVE,
    revision=3,
    version="v1",
    recipe="renditions",
    recipe_version=RENDITIONS.version,
    stem="a",
    keys=("k",),
    outputs={"small": OutputFacts(key="k", bytes=1, width=1, height=1)},
    urls={"small": "s3://b/k"},
)
FAILED = replace(DONE, status=PhotoStatus.FAILED, reason="corrupt", outputs={}, urls={}, keys=())
CRASHED = replace(FAILED, reason="crashed", lease_until=int(NOW_S) - 1)
SKIPPED = replace(DONE, status=PhotoStatus.SKIPPED, recipe="", recipe_version="", keys=())
DELETED = replace(DONE, status=PhotoStatus.DELETED, keys=())
PENDING = Photo(gallery="g", photo="g/a.jpg", status=PhotoStatus.PENDING)
OTHER_RECIPE = replace(DONE, recipe_version="another")
EMPTY = replace(ORIGINAL, bytes=0)
HUGE = replace(ORIGINAL, bytes=RENDITIONS.max_bytes + 1)


@pytest.mark.parametrize(
    ("photo", "original", "work"),
    [
        pytest.param(None, None, Work.NOTHING, id="nothing there"),
        pytest.param(PENDING, None, Work.NOTHING, id="signed, not uploaded"),
        pytest.param(DELETED, None, Work.NOTHING, id="deleted"),
        pytest.param(DONE, None, Work.REMOVE, id="removed"),
        pytest.param(FAILED, None, Work.REMOVE, id="removed after a failure"),
        pytest.param(CRASHED, None, Work.REMOVE, id="removed after a crash"),
        pytest.param(None, ORIGINAL, Work.RENDER, id="new"),
        pytest.param(PENDING, ORIGINAL, Work.RENDER, id="arrived"),
        pytest.param(DONE, ORIGINAL, Work.NOTHING, id="done"),
        pytest.param(DONE, NEWER, Work.RENDER, id="replaced"),
        pytest.param(OTHER_RECIPE, ORIGINAL, Work.RENDER, id="by another recipe"),
        pytest.param(FAILED, ORIGINAL, Work.NOTHING, id="hopeless"),
        pytest.param(FAILED, NEWER, Work.RENDER, id="hopeless, replaced"),
        pytest.param(CRASHED, ORIGINAL, Work.RENDER, id="crashed"),
        pytest.param(DELETED, ORIGINAL, Work.RENDER, id="back with its old version"),
        pytest.param(SKIPPED, ORIGINAL, Work.RENDER, id="skipped, now a photo"),
        pytest.param(None, HUGE, Work.REFUSE, id="too large"),
        pytest.param(None, EMPTY, Work.NOTHING, id="empty"),
        pytest.param(DONE, replace(EMPTY, version_id="v2"), Work.SKIP, id="emptied"),
        pytest.param(SKIPPED, EMPTY, Work.NOTHING, id="still empty"),
    ],
)
def test_the_work_follows_from_item_and_object(
    photo: Photo | None, original: Original | None, work: Work
) -> None:
    assert work_for(photo, original, RENDITIONS) is work


def test_what_has_ended_is_rendered_again_if_that_is_requested() -> None:
    for photo in (DONE, FAILED):
        assert work_for(photo, ORIGINAL, RENDITIONS, again=True) is Work.RENDER


def test_an_object_that_is_no_photo_is_recorded_once() -> None:
    assert work_for(None, ORIGINAL, None) is Work.SKIP
    assert work_for(SKIPPED, ORIGINAL, None) is Work.NOTHING


def claim(photo: Photo | None, owner: str = "me", *, is_last: bool = False) -> Photo:
    return lifecycle.claim(
        photo,
        gallery="g",
        key="g/a.jpg",
        owner=owner,
        now_s=NOW_S,
        lease_s=150,
        last_try=lifecycle.last_try(ORIGINAL, RENDITIONS) if is_last else None,
    )


def test_a_claim_makes_a_photo_of_nothing() -> None:
    claimed = claim(None)

    assert (claimed.status, claimed.revision, claimed.owner) == (PhotoStatus.PROCESSING, 1, "me")
    assert claimed.lease_until == NOW_S + 150
    assert claimed.updated_at == "2027-01-15T08:00:00.000Z"


def test_a_replaced_photo_stays_active_with_its_urls() -> None:
    claimed = claim(DONE)

    assert (claimed.status, claimed.urls, claimed.version) == (PhotoStatus.ACTIVE, DONE.urls, "v1")


@pytest.mark.parametrize("photo", [None, DONE, FAILED, CRASHED, PENDING, DELETED])
def test_at_the_last_receipt_a_crash_is_recorded_in_advance(photo: Photo | None) -> None:
    claimed = claim(photo, is_last=True)

    assert (claimed.status, claimed.reason) == (PhotoStatus.FAILED, "crashed")
    assert work_for(claimed, ORIGINAL, RENDITIONS) is Work.RENDER


def test_a_photo_under_anothers_lease_cannot_be_claimed_until_it_is_over() -> None:
    claimed = claim(None)

    with pytest.raises(PhotoLeasedError) as refused:
        claim(claimed, "you")
    assert refused.value.until_s == NOW_S + 150
    assert claim(replace(claimed, lease_until=int(NOW_S) - 1), "you").attempts == 2


def test_a_claim_brings_a_deleted_photo_back_without_an_end() -> None:
    assert claim(replace(DELETED, expires_at=5)).expires_at is None


def test_an_end_says_which_version_and_recipe_it_is_about() -> None:
    rendered = Rendered(format="JPEG", width=10, height=20)

    ended = lifecycle.finish_active(
        claim(OTHER_RECIPE), NEWER, RENDITIONS, rendered, outputs=DONE.outputs, urls={}, now_s=NOW_S
    )

    assert work_for(ended, NEWER, RENDITIONS) is Work.NOTHING
    assert ended.is_finished
    assert ended.keys == names.output_keys(RENDITIONS, ended.gallery, ended.stem)
    assert ended.processed_at == "2027-01-15T08:00:00.000Z"


def test_a_failure_leaves_nothing_of_the_version_before() -> None:
    ended = lifecycle.finish_failed(
        claim(DONE), NEWER, RENDITIONS, reason=PhotoFailure.CORRUPT, detail="x" * 900, now_s=NOW_S
    )

    assert (ended.status, ended.reason, len(ended.detail)) == (PhotoStatus.FAILED, "corrupt", 500)
    assert not ended.urls
    assert not ended.outputs
    assert not ended.keys


def test_a_photo_has_the_time_of_its_upload_from_its_claim_on() -> None:
    uploaded = lifecycle.claim(
        None,
        gallery="g",
        key="g/a.jpg",
        uploaded_at=ORIGINAL.uploaded_at,
        owner="me",
        now_s=NOW_S,
        lease_s=150,
    )
    later = replace(NEWER, uploaded_at="2027-01-15T09:00:00Z")
    failed = lifecycle.finish_failed(
        uploaded, later, RENDITIONS, reason=PhotoFailure.CORRUPT, detail="", now_s=NOW_S
    )

    assert uploaded.uploaded_at == ORIGINAL.uploaded_at
    assert failed.uploaded_at == later.uploaded_at
    assert claim(failed).uploaded_at == later.uploaded_at


def test_a_deleted_photo_expires_after_thirty_days_and_keeps_its_stem() -> None:
    ended = lifecycle.finish_deleted(claim(DONE), NOW_S)

    assert ended.expires_at == NOW_S + 30 * 86_400
    assert (ended.stem, ended.version, ended.keys) == ("a", "v1", ())


def test_a_released_photo_is_not_finished_and_can_be_claimed_at_once() -> None:
    released = lifecycle.release(claim(None), NOW_S, "throttled")

    assert not released.is_finished
    assert claim(released, "you").attempts == 2


def test_a_photo_that_killed_its_function_each_time_is_hopeless_until_something_changes() -> None:
    crashed = claim(DONE, is_last=True)

    assert lifecycle.is_hopeless(crashed, ORIGINAL, RENDITIONS)
    assert not lifecycle.is_hopeless(crashed, NEWER, RENDITIONS)
    assert not lifecycle.is_hopeless(crashed, ORIGINAL, replace(RENDITIONS, max_bytes=1))
    assert not lifecycle.is_hopeless(
        lifecycle.release(crashed, NOW_S, "throttled"), ORIGINAL, RENDITIONS
    )


def test_a_failed_photo_is_hopeless_until_something_changes() -> None:
    assert lifecycle.is_hopeless(FAILED, ORIGINAL, RENDITIONS)
    assert not lifecycle.is_hopeless(FAILED, NEWER, RENDITIONS)
    assert not lifecycle.is_hopeless(OTHER_RECIPE, ORIGINAL, RENDITIONS)
    assert not lifecycle.is_hopeless(DONE, ORIGINAL, RENDITIONS)


def test_the_last_release_says_why() -> None:
    released = lifecycle.release(claim(DONE, is_last=True), NOW_S, "throttled")

    assert (released.status, released.detail) == (PhotoStatus.FAILED, "throttled")
