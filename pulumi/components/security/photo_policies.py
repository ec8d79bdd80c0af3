"""The policy of the rendition function's role. Pure. See `role_policies`."""

from __future__ import annotations

from collections.abc import Sequence

from components.security.policies import Document, allow, emit, objects, policy
from components.security.role_policies import WORK_OFF, write_logs

from rendition_lambda.photo_item import OPEN_INDEX
from stream_ingest.contracts.events import Source


def photos(  # noqa: PLR0913 - one argument for each resource
    *,
    log_group_arn: str,
    queue_arns: Sequence[str],
    backfill_arn: str,
    table_arn: str,
    bus_arn: str,
    uploads_arn: str,
    renditions_arn: str,
    other_arns: Sequence[str] = (),
    distribution_arn: str = "",
) -> Document:
    """Return the rights of the rendition function; for ListBucket see `role_policies.intake`.

    It reads any upload, and objects of the other buckets that the stack's settings name, and never
    writes or deletes one. It does not read what it has rendered. With a CDN of the stack's own it
    invalidates what it has removed.
    """
    folders = ("renditions", "processed", "augmented-images", "manifests")
    outputs = objects(renditions_arn, *folders)
    invalidate = allow("ForgetRemoved", ["cloudfront:CreateInvalidation"], [distribution_arn])
    return policy(
        write_logs(log_group_arn),
        allow("ReceiveMessages", WORK_OFF, queue_arns),
        allow("RequestPhotos", ["sqs:SendMessage"], [backfill_arn]),
        allow("RecordPhotos", ["dynamodb:GetItem", "dynamodb:PutItem"], [table_arn]),
        allow("FindOverduePhotos", ["dynamodb:Query"], [f"{table_arn}/index/{OPEN_INDEX}"]),
        emit(bus_arn, Source.PHOTOS),
        allow(
            "ReadUploads",
            ["s3:GetObject", "s3:GetObjectVersion"],
            [f"{arn}/*" for arn in (uploads_arn, *other_arns)],
        ),
        allow("DetectMissingUploads", ["s3:ListBucket"], [uploads_arn, *other_arns]),
        allow("StoreOutputs", ["s3:PutObject", "s3:DeleteObject"], outputs),
        *([invalidate] if distribution_arn else []),
    )
