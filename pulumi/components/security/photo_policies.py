"""The policy of the rendition function's role. Pure. See `role_policies`."""

from __future__ import annotations

from collections.abc import Sequence

from components.security.policies import Document, allow, emit, objects, policy
from components.security.role_policies import WORK_OFF, write_logs

from rendition_lambda.links import link_item
from rendition_lambda.photo_item import OPEN_INDEX, PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE
from stream_ingest.contracts.events import Source

KEY = (PARTITION_KEY, SORT_KEY)
_RESERVED = ("key", "bytes", TTL_ATTRIBUTE)
_COUNTED = ("files", "bytes", "revoked_at", "parts", "modified_ms", "stored_at")
"""Attributes that the function of upload links writes, or that its conditions name."""


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


def links(*, log_group_arn: str, key_arn: str, table_arn: str, uploads_arn: str) -> Document:
    """Return the rights of the function of upload links.

    It issues no links, reads no photos, neither originals nor their items, and replaces none: S3
    denies a write without the condition that the key is free (Amazon S3 User Guide, "Enforce
    conditional writes on Amazon S3 buckets"; creating an upload and sending its parts are no such
    writes). What it signs has no more rights than it has itself.
    """
    uploads = [f"{uploads_arn}/*"]
    return policy(
        write_logs(log_group_arn),
        allow("VerifyLinks", ["kms:VerifyMac"], [key_arn]),
        allow("ReadLinks", ["dynamodb:GetItem"], [table_arn], _only_links()),
        allow("Reserve", ["dynamodb:PutItem"], [table_arn], _only_links(_RESERVED)),
        allow("CountUploads", ["dynamodb:UpdateItem"], [table_arn], _only_links(_COUNTED)),
        allow("SignUploads", ["s3:PutObject"], uploads),
        {
            "Sid": "ReplaceNothing",
            "Effect": "Deny",
            "Action": ["s3:PutObject"],
            "Resource": uploads,
            "Condition": {
                "Bool": {"s3:ObjectCreationOperation": "true"},
                "Null": {"s3:if-none-match": "true"},
            },
        },
        allow("ResumeUploads", ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"], uploads),
    )


def link_key(*, account: str, partition: str) -> Document:
    """Return the policy of the key of links: IAM decides who uses it."""
    return policy(
        {
            "Sid": "DelegateToIam",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    )


def _only_links(attributes: Sequence[str] = ()) -> dict[str, dict[str, list[str]]]:
    """Return the condition that a request is about items of links, and no other attributes."""
    names = {"dynamodb:Attributes": [*KEY, *attributes]} if attributes else {}
    own = {"dynamodb:LeadingKeys": [link_item.PARTITION]}
    return {"ForAllValues:StringEquals": {**own, **names}}
