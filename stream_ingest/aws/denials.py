"""What AWS answers to whoever lacks a right, and which right that is. Edge (botocore)."""

from __future__ import annotations

import re

from botocore.exceptions import ClientError

from stream_ingest.aws.errors import error_code

RIGHTS_PAGE = "docs/operations/rights.md"
_CODES = frozenset(
    {
        "403",
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "Forbidden",
        "UnauthorizedOperation",
    }
)
_NAMED_ACTION = re.compile(r"perform:? ([A-Za-z0-9-]+:[A-Za-z]+)")
_ACTIONS = {
    "CompleteMultipartUpload": "s3:PutObject",
    "CopyObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject",
    "DeleteObjects": "s3:DeleteObject",
    "GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "GetBucketVersioning": "s3:GetBucketVersioning",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "Invoke": "lambda:InvokeFunction",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListObjectsV2": "s3:ListBucket",
    "PutObject": "s3:PutObject",
    "UploadPart": "s3:PutObject",
}
"""Actions of operations whose errors may not name them, as S3's: a HEAD has no body."""


def is_denial(error: ClientError) -> bool:
    """Return whether AWS refused a request because its caller lacks a right."""
    return error_code(error) in _CODES


def missing_right(error: ClientError) -> str:
    """Return the action that a caller lacks: ``s3:GetObject``; else the operation's name."""
    named = _NAMED_ACTION.search(" ".join(str(error).split()))
    return named[1] if named else _ACTIONS.get(error.operation_name, error.operation_name)
