"""An upload that was signed is pending for a day, and no more than that."""

from __future__ import annotations

from typing import Any

import pytest

from rendition_lambda.photo_item import PhotoStatus
from rendition_lambda.repository import PhotoRepository
from rendition_lambda.uploading.request import UploadRefusedError, UploadRequest
from rendition_lambda.uploading.service import UploadService
from rendition_lambda.uploading.signed import PartsUpload, SignedPut
from tests.fakes.photos.account import TABLE, PhotoAccount

KEY = "g/a.jpg"


class Signer:
    """Signs nothing."""

    def begin(self, upload: Any) -> SignedPut | PartsUpload:  # noqa: ANN401 - an upload
        return SignedPut(key=upload.key, url="", headers={}, bytes=upload.bytes, expires_at=0)


@pytest.fixture
def account() -> PhotoAccount:
    return PhotoAccount()


def service(account: PhotoAccount) -> UploadService:
    dynamodb: Any = account.dynamodb
    signer: Any = Signer()
    return UploadService(signer, PhotoRepository(dynamodb, TABLE), account.clock)


def request(name: str = "a.jpg") -> UploadRequest:
    return UploadRequest(gallery="g", name=name, bytes=5)


def test_a_signed_upload_is_pending_for_a_day(account: PhotoAccount) -> None:
    service(account).begin(request())
    account.clock.advance(3_600)
    service(account).begin(request())

    photo = account.photo(KEY)
    assert photo is not None
    assert (photo.status, photo.open) == (PhotoStatus.PENDING, "pending")
    assert photo.expires_at == int(account.clock()) + 86_400


def test_an_upload_that_arrives_is_rendered_and_does_not_expire(account: PhotoAccount) -> None:
    service(account).begin(request())
    account.put(KEY, b"one")
    account.drain()

    photo = account.photo(KEY)
    assert photo is not None
    assert (photo.status, photo.expires_at) == (PhotoStatus.ACTIVE, None)


def test_signing_changes_nothing_of_a_photo_that_exists(account: PhotoAccount) -> None:
    account.put(KEY, b"one")
    account.drain()
    before = account.photo(KEY)
    service(account).begin(request())
    assert account.photo(KEY) == before


def test_a_refused_upload_leaves_no_item(account: PhotoAccount) -> None:
    with pytest.raises(UploadRefusedError):
        service(account).begin(request("a.mov"))
    assert account.dynamodb.items == {}


def test_two_that_sign_at_once_both_get_their_upload(account: PhotoAccount) -> None:
    """Whoever writes second finds the other's revision, and the photo is pending all the same."""
    dynamodb: Any = account.dynamodb

    class Slow(PhotoRepository):
        def load(self, gallery: str, key: str) -> Any:  # noqa: ANN401 - an item
            found = super().load(gallery, key)
            service(account).begin(request())
            return found

    signer: Any = Signer()
    slow = UploadService(signer, Slow(dynamodb, TABLE), account.clock)
    assert slow.begin(request()).key == KEY
    assert account.photo(KEY) is not None
