"""Each object has one name as a photo, and a name leads to one object."""

from __future__ import annotations

import pytest

from rendition_lambda.messages import PhotoHint, RenderRequest, encode_request, read_hints
from rendition_lambda.places import Place, is_too_long, photo_at, place_of
from stream_ingest.contracts.errors import DecodeError

UPLOADS, OTHER = "uploads", "archive"


@pytest.mark.parametrize("bucket", [UPLOADS, OTHER])
@pytest.mark.parametrize("key", ["g/a.jpg", "a.jpg", "s3://archive/g/a.jpg", "s3://", "/x", "ü"])
def test_a_name_leads_back_to_its_object(bucket: str, key: str) -> None:
    place = Place(bucket=bucket, key=key)
    assert place_of(photo_at(place, UPLOADS), UPLOADS) == place


def test_no_two_objects_have_one_name() -> None:
    keys = ("g/a.jpg", "s3://archive/g/a.jpg", "s3://uploads/g/a.jpg")
    places = [Place(bucket=bucket, key=key) for bucket in (UPLOADS, OTHER) for key in keys]
    assert len({photo_at(place, UPLOADS) for place in places}) == len(places)


def test_an_upload_is_named_after_its_key() -> None:
    assert photo_at(Place(bucket=UPLOADS, key="g/a.jpg"), UPLOADS) == "g/a.jpg"
    assert photo_at(Place(bucket=OTHER, key="g/a.jpg"), UPLOADS) == "s3://archive/g/a.jpg"


def test_a_request_names_its_bucket_and_its_run() -> None:
    body = encode_request(RenderRequest(render="g/ü\uffff.jpg", bucket=OTHER, again=True, run="r1"))

    assert body.isascii()
    assert read_hints(body, UPLOADS, [OTHER]) == [
        PhotoHint(key="s3://archive/g/ü\uffff.jpg", again=True, run="r1")
    ]
    with pytest.raises(DecodeError, match="may not read bucket 'archive'"):
        read_hints(body, UPLOADS)


def test_a_plain_request_is_as_short_as_people_write_it() -> None:
    assert encode_request(RenderRequest(render="g/a.jpg")) == '{"render":"g/a.jpg"}'


def test_a_name_that_no_item_can_have_is_refused() -> None:
    key = "k" * 1_020
    assert not is_too_long(key)
    body = encode_request(RenderRequest(render=key, bucket=OTHER))
    with pytest.raises(DecodeError, match="longer than"):
        read_hints(body, UPLOADS, [OTHER])
