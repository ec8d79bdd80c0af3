"""The AWS account of the console: one stack's clients and readers, created once. Edge (boto3).

All methods block, so handlers call them in threads (`in_thread`). boto3's clients may be shared
between threads; creating them may not.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ops_dashboard.console.batch_detail import BatchDetails
from ops_dashboard.console.photo_access import PhotoAccess, open_photos
from ops_dashboard.inspect.batches.batch_pages import BatchPages
from ops_dashboard.inspect.batches.batch_summaries import BatchSummaries
from ops_dashboard.inspect.batches.batch_windows import BatchWindows
from ops_dashboard.inspect.creator_names import CreatorNames
from ops_dashboard.inspect.creators import CreatorReader
from ops_dashboard.inspect.discards import Discards
from ops_dashboard.inspect.stored_names import StoredNames
from ops_dashboard.inspect.window_pages import WindowPages
from ops_dashboard.inspect.windows import WindowReader
from ops_dashboard.recovery.runs.stack_runs import StackRuns
from ops_dashboard.recovery.stack_letters import StackLetters
from ops_dashboard.trace.reader import TimelineReader
from stream_ingest.aws import clients
from stream_ingest.aws.presigning import PRESIGNING
from stream_ingest.aws.stack import is_aws, load_stack, read_stack
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.levels import LevelError, level_notice
from stream_ingest.contracts.prepared_structs import prepare_structs
from stream_ingest.contracts.stack_outputs import StackOutputs

if TYPE_CHECKING:
    import boto3
    from types_boto3_cloudwatch import CloudWatchClient
    from types_boto3_s3 import S3Client
    from types_boto3_sqs import SQSClient
    from types_boto3_ssm import SSMClient

_LINK_LIFETIME_S = 300
_BATCHES_AT_ONCE = 8
"""Number of batches whose windows are read at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One deployed stack, as the console reads and changes it."""

    outputs: StackOutputs
    ssm: SSMClient
    cloudwatch: CloudWatchClient
    sqs: SQSClient
    s3: S3Client
    presigner: S3Client
    windows: WindowReader
    pages: WindowPages
    timelines: TimelineReader
    creators: CreatorReader
    names: StoredNames
    creator_names: CreatorNames
    discards: Discards
    batches: BatchRegistry
    batch_pages: BatchPages
    batch_details: BatchDetails
    dead_letters: StackLetters
    runs: StackRuns
    photos: PhotoAccess | None = None
    """None if the stack renders no photos."""

    def link(self, key: str, *, save_as: str | None = None) -> str:
        """Return a presigned URL of an object in the output bucket, valid for five minutes.

        With `save_as` a browser saves the object under that file name instead of showing it.
        """
        parameters = {"Bucket": self.outputs.output_bucket, "Key": key}
        if save_as:
            parameters["ResponseContentDisposition"] = f'attachment; filename="{save_as}"'
        return self.presigner.generate_presigned_url(
            "get_object", Params=parameters, ExpiresIn=_LINK_LIFETIME_S
        )

    def image_origin(self) -> str:
        """Return the origin of presigned URLs, from which pages may load images."""
        parts = urlsplit(self.link("x"))
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def is_aws(self) -> bool:
        """Whether this is AWS, where requests cost money, and not the embedded AWS."""
        return is_aws(self.sqs.meta.endpoint_url)

    def reach(self) -> None:
        """Read the stack's outputs again; raises if AWS does not answer, or as `load_stack`."""
        load_stack(self.ssm, self.outputs.stack)

    def release_notice(self) -> str | None:
        """Return what to do if the stack was deployed by another release meanwhile; else None."""
        try:
            return level_notice(read_stack(self.ssm, self.outputs.stack))
        except LevelError as error:
            return str(error)

    def location(self) -> str:
        """Return where the stack is deployed, for people: the region, or the local endpoint."""
        endpoint = urlsplit(self.sqs.meta.endpoint_url)
        return self.outputs.region if self.is_aws else f"embedded AWS on {endpoint.netloc}"


def open_account(session: boto3.Session, stack: str) -> Account:
    """Return the account of a deployed stack; raises `UserError` if it is not deployed."""
    prepare_structs()
    ssm = session.client("ssm", config=clients.INTERACTIVE)
    outputs = load_stack(ssm, stack)
    table = outputs.table_name
    dynamodb = session.client("dynamodb", config=clients.INTERACTIVE)
    sqs = session.client("sqs", config=clients.INTERACTIVE)
    s3 = session.client("s3", config=clients.INTERACTIVE)
    batches = BatchRegistry(dynamodb, table, time.time)
    batch_windows = BatchWindows(dynamodb, table)
    summaries = BatchSummaries(s3, outputs.output_bucket)
    return Account(
        outputs=outputs,
        ssm=ssm,
        cloudwatch=session.client("cloudwatch", config=clients.INTERACTIVE),
        sqs=sqs,
        s3=s3,
        presigner=session.client("s3", config=PRESIGNING),
        windows=WindowReader(dynamodb, table),
        pages=WindowPages(dynamodb, table),
        timelines=TimelineReader(session, outputs),
        creators=CreatorReader(
            dynamodb, table, prefetch=outputs.prefetch_covers, creator_case=outputs.names_case
        ),
        names=StoredNames(dynamodb, table, outputs.names_case),
        creator_names=CreatorNames(dynamodb, table),
        discards=Discards(dynamodb, table),
        batches=batches,
        batch_pages=BatchPages(
            dynamodb,
            table,
            windows=batch_windows,
            summary=summaries.find,
            threads=ThreadPoolExecutor(_BATCHES_AT_ONCE, "batches"),
        ),
        batch_details=BatchDetails(batches, batch_windows, summaries, outputs),
        dead_letters=StackLetters.of(session, outputs, clients.INTERACTIVE),
        runs=StackRuns.of(session, outputs, clients.INTERACTIVE),
        photos=open_photos(session, outputs.photos) if outputs.photos else None,
    )
