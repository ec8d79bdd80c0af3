"""Conditional puts whose answers are lost: a repeat meets its own object, or somebody else's."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, cast

import pytest

from stream_ingest.aws.conditional_put import if_unchanged, put_if, put_own_if
from tests.faults.harness.aws.errors import Wire
from tests.faults.harness.aws.s3 import FakeS3

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

BUCKET, KEY = "output", "collages/a.jpg"


class UnansweredS3(FakeS3):
    """Repeats each put as the SDK does after a lost answer."""

    def put_object(self, **request: Wire) -> dict[str, str]:
        super().put_object(**request)
        if not isinstance(request["Body"], bytes):
            request["Body"].seek(0)
        return super().put_object(**request)


def put(s3: FakeS3, body: bytes | IO[bytes], etag: str | None = None) -> bool:
    return put_own_if(cast("S3Client", s3), if_unchanged(etag), Bucket=BUCKET, Key=KEY, Body=body)


@pytest.mark.parametrize("body", [b"collage", io.BytesIO(b"collage")])
def test_a_put_that_the_sdk_repeats_after_a_lost_answer_succeeds(body: bytes | IO[bytes]) -> None:
    s3 = UnansweredS3(BUCKET)
    assert put(s3, body)
    assert s3.read(BUCKET, KEY) == b"collage"
    assert len(s3.versions[BUCKET, KEY]) == 1


def test_a_replacement_that_the_sdk_repeats_after_a_lost_answer_succeeds() -> None:
    s3 = UnansweredS3(BUCKET)
    put(s3, b"first")
    etag = s3.versions[BUCKET, KEY][-1].etag
    assert put(s3, b"second", etag)
    assert s3.read(BUCKET, KEY) == b"second"


def test_another_workers_object_makes_the_put_fail_and_stays() -> None:
    s3 = FakeS3(BUCKET)
    assert put(s3, b"theirs")
    assert not put(s3, b"ours")
    assert s3.read(BUCKET, KEY) == b"theirs"


def test_a_caller_that_amends_what_is_there_learns_that_it_is_there() -> None:
    """The same bytes may be another caller's, whose amendment must not be lost."""
    s3 = FakeS3(BUCKET)
    client = cast("S3Client", s3)
    assert put_if(client, if_unchanged(None), Bucket=BUCKET, Key=KEY, Body=b"1")
    assert not put_if(client, if_unchanged(None), Bucket=BUCKET, Key=KEY, Body=b"1")


def test_an_object_that_is_gone_makes_its_replacement_fail() -> None:
    s3 = FakeS3(BUCKET)
    assert not put(s3, b"ours", '"etag"')
    assert s3.keys(BUCKET) == []
