"""A stack with upload links: its key, its table, and S3 for what is signed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from rendition_lambda.links.api import LinkApi
from rendition_lambda.links.link_key import LinkKey
from rendition_lambda.links.link_table import LinkTable
from rendition_lambda.links.terms import Terms, link_text
from rendition_lambda.uploading.signer import UploadSigner
from stream_ingest.aws.presigning import PRESIGNING
from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.photos.account import TABLE, PhotoAccount
from tests.fakes.photos.kms import KEY, FakeKms

BUCKET = "uploads-of-links"


class LinkStack:
    """What the function of upload links works with."""

    def __init__(self, s3: Any, presigner: Any) -> None:  # noqa: ANN401 - boto3 clients
        self.s3, self.account, self.kms = s3, PhotoAccount(), FakeKms()
        self.clock = self.account.clock
        dynamodb: Any = self.account.dynamodb
        self.key, self.table = LinkKey(self.kms, KEY), LinkTable(dynamodb, TABLE)
        self.signer = UploadSigner(s3, presigner, BUCKET, self.clock)
        self.api = LinkApi(self.key, self.table, self.signer, self.clock)

    def issue(self, **changed: Any) -> str:  # noqa: ANN401 - fields of the terms
        """Return the text of a new link."""
        facts = {
            "id": "0123456789abcdef",
            "gallery": "wedding",
            "expires_at": int(self.clock()) + 3_600,
            "max_files": 3,
            "max_bytes": 100_000_000,
        }
        terms = Terms(**{**facts, **changed})
        self.table.create(terms, "2026-11-29T10:00:00Z")
        return link_text(terms, self.key.mac(terms))


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
