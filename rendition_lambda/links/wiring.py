"""Composition root of the function of upload links. Edge: chooses the real things."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3

from rendition_lambda.links.api import LinkApi
from rendition_lambda.links.link_key import LinkKey
from rendition_lambda.links.link_table import LinkTable
from rendition_lambda.links.pages import Pages
from rendition_lambda.links.routes import Routes
from rendition_lambda.links.settings import LinkSettings
from rendition_lambda.uploading.signer import UploadSigner
from stream_ingest.aws.bucket_owner import expect_owner
from stream_ingest.aws.function_config import function_config
from stream_ingest.aws.presigning import PRESIGNING
from stream_ingest.contracts.prepared_structs import prepare_structs

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_s3 import S3Client

_CONNECTIONS = 2
"""An invocation answers one request, which waits for one answer at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """The AWS clients that the Lambda uses."""

    s3: S3Client
    presigner: S3Client
    dynamodb: DynamoDBClient
    kms: Any


def connect(settings: LinkSettings) -> Clients:
    """Return clients with the function's own credentials."""
    config = function_config(_CONNECTIONS)
    return Clients(
        s3=expect_owner(
            boto3.client("s3", config=config), settings.account, (settings.uploads_bucket,)
        ),
        presigner=boto3.client("s3", config=PRESIGNING),
        dynamodb=boto3.client("dynamodb", config=config),
        kms=boto3.client("kms", config=config),
    )


def from_environment() -> Routes:
    """Return the routes of this process; raises `SettingsError` if a variable is missing."""
    prepare_structs()
    settings = LinkSettings.from_env(os.environ)
    return build(settings, connect(settings), time.time)


def build(settings: LinkSettings, clients: Clients, clock: Callable[[], float]) -> Routes:
    """Put the parts together; `clock` gives epoch seconds."""
    bucket = settings.uploads_bucket
    api = LinkApi(
        LinkKey(clients.kms, settings.link_key),
        LinkTable(clients.dynamodb, settings.photos_table),
        UploadSigner(clients.s3, clients.presigner, bucket, clock),
        clock,
    )
    return Routes(api, Pages(_origin(clients.presigner, bucket)))


def _origin(presigner: S3Client, bucket: str) -> str:
    """Return the origin of signed URLs, to which the page sends files."""
    url = urlsplit(presigner.generate_presigned_url("list_objects_v2", Params={"Bucket": bucket}))
    return f"{url.scheme}://{url.netloc}"
