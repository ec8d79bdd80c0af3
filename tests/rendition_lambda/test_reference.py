"""A photo is found by its key, its address, or the address of any of its outputs."""

from __future__ import annotations

import pytest

from rendition_lambda.reference import PhotoReferences
from stream_ingest.contracts.errors import NotFoundError
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from tests.fakes.photos.account import TABLE, PhotoAccount
from tests.fakes.photos.s3 import RENDITIONS, UPLOADS

KEYS = ("g/IMG 1 + ü.jpg", "g/a.jpg", "g/a.png", "original-uploads/cats/1.jpg")
OUTPUTS = PhotosOutputs(
    table=TABLE,
    uploads_bucket=UPLOADS,
    renditions_bucket=RENDITIONS,
    queue_url="",
    backfill_queue_url="",
    dead_letters_url="",
    function="photos",
)


@pytest.fixture(scope="module")
def account() -> PhotoAccount:
    account = PhotoAccount()
    for key in KEYS:
        account.put(key, b"one")
    account.drain()
    return account


def references(account: PhotoAccount) -> PhotoReferences:
    return PhotoReferences(account.dynamodb, OUTPUTS)  # type: ignore[arg-type]


@pytest.mark.parametrize("key", KEYS)
def test_a_photo_is_found_by_what_names_it(account: PhotoAccount, key: str) -> None:
    photo = account.photo(key)
    assert photo is not None
    names = {key, f"s3://{UPLOADS}/{key}", *photo.urls.values()}
    names |= {f"s3://{RENDITIONS}/{output}" for output in photo.keys}

    assert {references(account).resolve(each) for each in names} == {key}


def test_an_object_of_another_bucket_has_its_address_as_its_name(account: PhotoAccount) -> None:
    assert references(account).resolve("s3://archive/a.jpg") == "s3://archive/a.jpg"


@pytest.mark.parametrize(
    "address",
    [
        "https://cdn.example.com/renditions/g/none_large.jpg?v=1",
        "https://cdn.example.com/",
        f"s3://{RENDITIONS}/else/a.jpg",
    ],
)
def test_an_output_that_no_photo_has_is_an_error(account: PhotoAccount, address: str) -> None:
    with pytest.raises(NotFoundError, match="no photo has the output"):
        references(account).resolve(address)
