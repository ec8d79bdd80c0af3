from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from collage_lambda.clients import S3_CONFIG
from collage_lambda.output.links import Links

NOW_S = 1_795_000_000.7
KEY = "collages/2026/11/21/csv-push/=E4=BD=A0_collage_000001.jpg"


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> Links:
    """Links signed as a function in us-east-1 does it, with a session's credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "of-a-session")
    s3 = boto3.client("s3", region_name="us-east-1", config=S3_CONFIG)
    return Links(s3, "out", 900, lambda: NOW_S)


def test_a_link_is_signed_by_version_4_for_as_long_as_it_says(links: Links) -> None:
    """Version 2, boto3's default in us-east-1, is refused for objects under a KMS key."""
    link = links.presign(KEY)
    assert link is not None
    query = parse_qs(urlsplit(link.url).query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["900"]
    assert query["X-Amz-Security-Token"] == ["of-a-session"]
    assert link.expires_at == datetime.fromtimestamp(int(NOW_S) + 900, UTC)


def test_a_link_names_the_object_whatever_is_in_its_key(links: Links) -> None:
    link = links.presign(KEY)
    assert link is not None
    assert urlsplit(link.url).path.endswith(KEY.replace("=", "%3D"))


def test_links_can_be_switched_off() -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    assert Links(s3, "out", 0, lambda: NOW_S).presign(KEY) is None
