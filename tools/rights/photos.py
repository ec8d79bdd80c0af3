"""What whoever operates a stack may do with its photos. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ops_dashboard.photos.jobs.job import JOB_PARTITION
from rendition_lambda.links.link_item import PARTITION
from tools.rights.grants import Grant
from tools.rights.names import (
    KEYS,
    LINKING,
    PHOTOGRAPHING,
    PHOTOS,
    QUEUES,
    RENDITIONS,
    SERVING,
    UPLOADS,
)

_JOBS = ("photos backfill", "photos render")
_PUT = ("photos put",)

OPERATOR_OF_PHOTOS: Sequence[Grant] = (
    Grant(
        sid="ReadPhotos",
        commands=(*PHOTOGRAPHING, "photos link list", "status", "trace", "doctor", *SERVING),
        actions=("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"),
        resources=(PHOTOS, f"{PHOTOS}/index/*"),
        note="`photos put` only with `--wait`; `serve` for its page of photos, here and below;"
        " `status`, `trace` and `doctor` with photos",
    ),
    Grant(
        sid="RecordJobsAndLinks",
        commands=(*_JOBS, *LINKING),
        actions=("dynamodb:PutItem", "dynamodb:UpdateItem"),
        resources=(PHOTOS,),
        condition={
            "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": (JOB_PARTITION, PARTITION)}
        },
    ),
    Grant(
        sid="RequestRenditions",
        commands=(*_JOBS, "photos retry", *SERVING),
        actions=("sqs:SendMessage",),
        resources=(f"{QUEUES}photos-backfill",),
    ),
    Grant(
        sid="ListUploads",
        commands=(*_JOBS, *_PUT, *SERVING),
        actions=("s3:ListBucket", "s3:ListBucketVersions"),
        resources=(UPLOADS,),
        note="and of the bucket that `--bucket` names",
    ),
    Grant(
        sid="UploadPhotos",
        commands=(*_PUT, *SERVING),
        actions=(
            "s3:PutObject",
            "s3:GetObject",
            "s3:AbortMultipartUpload",
            "s3:ListMultipartUploadParts",
        ),
        resources=(f"{UPLOADS}/*",),
    ),
    Grant(
        sid="ExpectPhotos",
        commands=SERVING,
        actions=("dynamodb:PutItem",),
        resources=(PHOTOS,),
        note="to upload",
    ),
    Grant(
        sid="ReadPhotoFiles",
        commands=("trace", "doctor", *SERVING),
        actions=("s3:GetObject",),
        resources=(f"{UPLOADS}/*", f"{RENDITIONS}/*"),
        note="with photos",
    ),
    Grant(
        sid="SignLinks",
        commands=("photos link",),
        actions=("kms:GenerateMac",),
        resources=(KEYS,),
        condition={
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": ("alias/{prefix}-upload-links",)}
        },
    ),
)
