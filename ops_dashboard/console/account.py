"""What the console knows AWS by: one stack's clients and readers, made once. Edge (boto3).

Everything here blocks, and runs in threads (`answers.in_thread`); boto3's clients may be shared by
threads, making them may not.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from botocore.config import Config

from ops_dashboard.inspect.creators import CreatorReader
from ops_dashboard.inspect.window_pages import WindowPages
from ops_dashboard.inspect.windows import WindowReader
from ops_dashboard.recovery.rebuild import Rebuild
from ops_dashboard.recovery.redrive import Redrive
from ops_dashboard.recovery.replay import ArchiveReplay
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.batches.registry import BatchRegistry

if TYPE_CHECKING:
    import boto3
    from types_boto3_s3 import S3Client

_LINK_LIFE_S = 300
_PRESIGNING = Config(signature_version="s3v4")


class Account:
    """One deployed stack, as the console reads and steers it."""

    def __init__(self, session: boto3.Session, stack: str) -> None:
        """Look the stack up; `UserError` where it is not deployed."""
        self.outputs = load_stack(session.client("ssm", config=clients.CONFIG), stack)
        table = self.outputs.table_name
        dynamodb = session.client("dynamodb", config=clients.CONFIG)
        self.cloudwatch = session.client("cloudwatch", config=clients.CONFIG)
        self.sqs = session.client("sqs", config=clients.CONFIG)
        self.s3: S3Client = session.client("s3", config=clients.CONFIG)
        self._presigner: S3Client = session.client("s3", config=_PRESIGNING)
        self.windows = WindowReader(dynamodb, table)
        self.pages = WindowPages(dynamodb, table)
        self.creators = CreatorReader(dynamodb, table, prefetch=self.outputs.prefetch_covers)
        self.batches = BatchRegistry(dynamodb, table, time.time)
        self.redrive = Redrive(session, self.outputs)
        self.archive = ArchiveReplay(session.client("events", config=clients.CONFIG), self.outputs)
        self.rebuild = Rebuild(self.windows, self.sqs, self.s3, self.outputs)

    def link(self, key: str, *, save_as: str | None = None) -> str:
        """Return a presigned URL of an object in the output bucket; good for five minutes.

        A browser that opens it shows the object, or saves it as `save_as`.
        """
        wanted = {"Bucket": self.outputs.output_bucket, "Key": key}
        if save_as:
            wanted["ResponseContentDisposition"] = f'attachment; filename="{save_as}"'
        return self._presigner.generate_presigned_url(
            "get_object", Params=wanted, ExpiresIn=_LINK_LIFE_S
        )

    def image_origin(self) -> str:
        """Return where presigned URLs point to: the one other origin that pages show images of."""
        parts = urlsplit(self.link("x"))
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_aws(self) -> bool:
        """Whether this is AWS itself, where requests cost money."""
        host = urlsplit(self.sqs.meta.endpoint_url).hostname or ""
        return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))

    def where(self) -> str:
        """Return a short text of whose AWS this is, for people: a region, or the local endpoint."""
        endpoint = urlsplit(self.sqs.meta.endpoint_url)
        return self.outputs.region if self.is_aws else f"embedded AWS on {endpoint.netloc}"
