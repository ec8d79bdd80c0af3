"""A stack with upload links, its S3 in moto."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from stream_ingest.aws.presigning import PRESIGNING
from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.photos.link_stack import BUCKET, LinkStack


@pytest.fixture(scope="module")
def clients() -> Iterator[tuple[Any, Any]]:
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        set_aws_variables(patch)
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        yield s3, boto3.client("s3", config=PRESIGNING)


@pytest.fixture
def stack(clients: tuple[Any, Any]) -> LinkStack:
    return LinkStack(*clients)
