from __future__ import annotations

from urllib.parse import urlsplit

import boto3
import pytest

from stream_ingest.aws.presigning import PRESIGNING


def signed(region: str, endpoint: str | None = None) -> str:
    s3 = boto3.client(
        "s3",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=PRESIGNING,
    )
    return s3.generate_presigned_url("get_object", Params={"Bucket": "covers", "Key": "a b/c"})


@pytest.mark.parametrize(
    ("region", "suffix"),
    [
        ("us-east-1", "com"),
        ("eu-central-1", "com"),
        ("ap-southeast-5", "com"),
        ("us-gov-west-1", "com"),
        ("cn-north-1", "com.cn"),
    ],
)
def test_links_are_signed_for_the_regions_host(region: str, suffix: str) -> None:
    """The global host answers with a redirect, whose target the signature does not fit."""
    url = urlsplit(signed(region))
    assert url.netloc == f"covers.s3.{region}.amazonaws.{suffix}"
    assert url.path == "/a%20b/c"
    assert f"%2F{region}%2Fs3%2Faws4_request" in url.query
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in url.query


def test_an_endpoint_with_an_address_is_addressed_by_path() -> None:
    assert signed("eu-central-1", "http://127.0.0.1:4566").startswith(
        "http://127.0.0.1:4566/covers/a%20b/c?"
    )
