"""What the function of upload links works with: a key, the table, and S3 for what is signed."""

from __future__ import annotations

from typing import Any

from rendition_lambda.links.api import BegunParts, LinkApi
from rendition_lambda.links.link_key import LinkKey
from rendition_lambda.links.link_table import LinkTable
from rendition_lambda.links.terms import Terms, link_text
from rendition_lambda.uploading.request import UploadRequest
from rendition_lambda.uploading.signer import UploadSigner
from tests.fakes.photos.account import TABLE, PhotoAccount
from tests.fakes.photos.kms import KEY, FakeKms

BUCKET = "uploads-of-links"


class LinkStack:
    """What the function of upload links works with."""

    def __init__(self, s3: Any, presigner: Any) -> None:  # noqa: ANN401 - boto3 clients
        """Take clients, whose S3 has the bucket."""
        self.s3, self.account, self.kms = s3, PhotoAccount(), FakeKms()
        self.clock = self.account.clock
        dynamodb: Any = self.account.dynamodb
        self.key, self.table = LinkKey(self.kms, KEY), LinkTable(dynamodb, TABLE)
        self.signer = UploadSigner(s3, presigner, BUCKET, self.clock)
        self.api = LinkApi(self.key, self.table, self.signer, self.clock)

    def begin(
        self, text: str, name: str, size: int, content_type: str = "", modified: int = 0
    ) -> BegunParts:
        """Begin an upload by a link."""
        return begin_by(self.api, text, name, size, content_type=content_type, modified=modified)

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


def begin_by(  # noqa: PLR0913 - a file, as the page describes it
    api: LinkApi, text: str, name: str, size: int, *, content_type: str = "", modified: int = 0
) -> BegunParts:
    """Begin an upload of a file as the page does."""
    request = UploadRequest(gallery=None, name=name, bytes=size, content_type=content_type)
    return api.begin(text, request, modified)
