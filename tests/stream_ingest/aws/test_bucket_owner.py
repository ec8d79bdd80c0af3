from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config

from collage_lambda.clients import S3_CONFIG
from stream_ingest.aws.bucket_owner import expect_owner

ACCOUNT, OTHER = "123456789012", "covers-of-others"
HEADER, SOURCE_HEADER = "x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner"
OBJECT = {"Bucket": "own", "Key": "a"}
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "put": ("put_object", {**OBJECT, "Body": b"x"}),
    "get": ("get_object", OBJECT),
    "head": ("head_object", OBJECT),
    "delete": ("delete_object", OBJECT),
    "list": ("list_objects_v2", {"Bucket": "own"}),
    "copy": ("copy_object", {**OBJECT, "CopySource": "/own/b"}),
    "copy of a version": (
        "copy_object",
        {**OBJECT, "CopySource": {"Bucket": "own", "Key": "b", "VersionId": "1"}},
    ),
    "part": (
        "upload_part_copy",
        {**OBJECT, "PartNumber": 1, "UploadId": "u", "CopySource": {"Bucket": "own", "Key": "b"}},
    ),
}


class SentError(Exception):
    """The request would have been sent."""


@pytest.fixture
def s3() -> Any:  # noqa: ANN401 - a boto3 client
    client = boto3.client(
        "s3",
        region_name="eu-central-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
        config=S3_CONFIG.merge(Config(retries={"total_max_attempts": 1})),
    )
    return expect_owner(client, ACCOUNT, ("own", "temp"))


def sent(s3: Any, operation: str, request: dict[str, Any]) -> dict[str, str]:  # noqa: ANN401 - as above
    """Return the headers of a request that is signed and ready to be sent, as text."""
    found: dict[str, str] = {}

    def stop(request: Any, **_: object) -> None:  # noqa: ANN401 - a prepared request
        for name, value in request.headers.items():
            found[name.lower()] = value.decode() if isinstance(value, bytes) else value
        raise SentError

    s3.meta.events.register("before-send.s3", stop)
    with pytest.raises(SentError):
        getattr(s3, operation)(**request)
    s3.meta.events.unregister("before-send.s3", stop)
    return found


@pytest.mark.parametrize("call", CALLS)
def test_every_request_to_an_own_bucket_expects_its_owner_and_signs_that(
    s3: Any,  # noqa: ANN401 - a boto3 client
    call: str,
) -> None:
    operation, request = CALLS[call]
    headers = sent(s3, operation, request)
    assert headers[HEADER] == ACCOUNT
    assert HEADER in headers["authorization"]
    copies = "CopySource" in request
    assert headers.get(SOURCE_HEADER) == (ACCOUNT if copies else None)


def test_buckets_of_others_are_anybodys(s3: Any) -> None:  # noqa: ANN401 - a boto3 client
    assert HEADER not in sent(s3, "get_object", {**OBJECT, "Bucket": OTHER})
    copied = sent(s3, "copy_object", {**OBJECT, "CopySource": {"Bucket": OTHER, "Key": "b"}})
    assert copied[HEADER] == ACCOUNT
    assert SOURCE_HEADER not in copied


def test_a_presigned_url_needs_no_header(s3: Any) -> None:  # noqa: ANN401 - a boto3 client
    url = s3.generate_presigned_url("get_object", Params=OBJECT, ExpiresIn=60)
    query = parse_qs(urlsplit(url).query)
    assert query["X-Amz-SignedHeaders"] == ["host"]
    assert HEADER not in url.lower()
