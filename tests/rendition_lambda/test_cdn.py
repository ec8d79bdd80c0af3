"""The CDN serves no output that was removed, and CloudFront is asked no more than needed."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from rendition_lambda.cdn import Cdn, CdnBusyError, InvalidationError
from rendition_lambda.photo_item import PhotoStatus
from rendition_lambda.recipe import RENDITIONS
from tests.fakes.photos.account import PhotoAccount
from tests.fakes.photos.renderer import BROKEN
from tests.faults.harness.aws.errors import client_error
from tests.faults.harness.injector import Fault, Kind

KEY = "g/a.jpg"
LARGE = "renditions/g/a_large.jpg"


@pytest.fixture
def account() -> PhotoAccount:
    """A photo that was rendered, and that viewers have seen."""
    account = PhotoAccount()
    account.put(KEY, b"one")
    account.drain()
    account.cdn.view_all()
    account.cdn.view(LARGE)
    account.cdn.view(LARGE, "v=anything")
    return account


def test_nothing_of_a_deleted_photo_is_served(account: PhotoAccount) -> None:
    account.delete(KEY)
    account.drain()

    assert account.cdn.view(LARGE) is None
    assert account.cdn.view(LARGE, "v=anything") is None
    assert account.cdn.invalidated == ["/renditions/g/a_*"]


@pytest.mark.parametrize("body", [BROKEN, b""])
def test_nothing_is_served_of_a_photo_whose_replacement_is_none(
    account: PhotoAccount, body: bytes
) -> None:
    account.put(KEY, body)
    account.drain()

    assert account.cdn.view(LARGE, "v=1") is None


def test_what_an_earlier_recipe_left_is_not_served(account: PhotoAccount) -> None:
    smaller = replace(RENDITIONS, outputs=RENDITIONS.outputs[1:])
    account.recipe_of = lambda _: smaller
    account.request(KEY)
    account.drain()

    assert account.cdn.view(LARGE, "v=1") is None
    assert account.cdn.view("renditions/g/a_small.jpg") is not None
    assert account.cdn.invalidated == ["/renditions/g/a_large.jpg*"]


def test_a_replacement_and_an_upload_invalidate_nothing(account: PhotoAccount) -> None:
    account.put(KEY, b"two")
    account.put("g/b.jpg", b"one")
    account.drain()

    assert account.cdn.invalidated == []


def test_rotations_are_not_served_and_so_not_invalidated(account: PhotoAccount) -> None:
    account.put("cat.jpg", b"one")
    account.drain()
    account.delete("cat.jpg")
    account.drain()

    assert account.cdn.view("processed/cat_256x256.jpg") is None
    assert account.cdn.invalidated == []


@pytest.mark.parametrize("kind", [each for each in Kind if each is not Kind.DENIED])
def test_a_deletion_ends_only_when_the_copies_are_gone(account: PhotoAccount, kind: Kind) -> None:
    account.delete(KEY)
    account.deliver(faults=[Fault(kind, service="cloudfront")])
    account.drain()

    photo = account.photo(KEY)
    assert photo is not None
    assert photo.status is PhotoStatus.DELETED
    assert account.cdn.view(LARGE, "v=1") is None


def test_every_removal_is_invalidated_for_itself(account: PhotoAccount) -> None:
    """CloudFront does nothing for a reference that it knows, and a version can come back."""
    account.delete(KEY)
    account.drain()
    account.put(KEY, b"two")
    account.deliver(faults=[Fault(Kind.KILLED_BEFORE, nth=5, service="s3")])
    account.cdn.view_all()
    assert account.cdn.cached
    account.delete(KEY)
    account.clock.advance(721)
    account.drain()

    assert account.cdn.cached == {}


def test_while_cloudfront_is_busy_photos_wait_for_as_long_as_it_takes(
    account: PhotoAccount,
) -> None:
    account.delete(KEY)
    account.cdn.is_busy = True
    for _ in range(20):
        assert account.deliver()
        account.clock.advance(61)
    assert account.dead_letters.messages == {}
    account.cdn.is_busy = False
    account.drain()

    photo = account.photo(KEY)
    assert photo is not None
    assert photo.status is PhotoStatus.DELETED
    assert account.cdn.view(LARGE, "v=1") is None


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("TooManyInvalidationsInProgress", CdnBusyError),
        ("ServiceUnavailable", InvalidationError),
        ("AccessDenied", InvalidationError),
    ],
)
def test_every_failure_of_cloudfront_is_counted_as_one(
    code: str, kind: type[InvalidationError]
) -> None:
    """By its type, which the metric of failed invalidations goes by."""

    class CloudFront:
        def create_invalidation(self, **_: object) -> None:
            raise client_error(code, "CreateInvalidation")

    cdn = Cdn(CloudFront(), "E1")  # type: ignore[arg-type]  # a fake
    with pytest.raises(InvalidationError, match="invalidate /renditions/g/a_large") as raised:
        cdn.invalidate([LARGE], "1")
    assert type(raised.value) is kind
