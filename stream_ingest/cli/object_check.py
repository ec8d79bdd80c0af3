"""Checks a file in S3 before a request names it. Edge (S3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from stream_ingest.aws.denials import is_denial
from stream_ingest.aws.errors import error_code, map_errors
from stream_ingest.contracts.errors import NotFoundError, UserError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_MISSING = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})
_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})


def check_object(s3: S3Client, bucket: str, key: str) -> None:
    """Check with the user's own rights that an object can be read.

    Raises `NotFoundError` if it does not exist, `UserError` if it is empty, archived or may not be
    read. (S3 answers 403 for a missing object too if the user may not list the bucket.)
    """
    place = f"s3://{bucket}/{key}"
    try:
        with map_errors(f"read {place}"):
            found = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        code = error_code(error)
        if code in _MISSING:
            msg = f"{place} does not exist"
            raise NotFoundError(msg) from error
        if is_denial(error):
            msg = f"{place} does not exist, or you may not read it (s3:GetObject)"
            raise UserError(msg) from error
        raise
    if found.get("StorageClass") in _ARCHIVED and 'ongoing-request="false"' not in found.get(
        "Restore", ""
    ):
        msg = f"{place} is archived ({found['StorageClass']}); restore it first"
        raise UserError(msg)
    if not found["ContentLength"]:
        msg = f"{place} is empty"
        raise UserError(msg)
