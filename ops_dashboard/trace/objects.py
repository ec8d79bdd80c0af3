"""Whether objects of a timeline exist. Edge (S3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from ops_dashboard.trace.timeline import StoredObject
from stream_ingest.aws.errors import error_code, map_errors

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_NOT_FOUND = frozenset({"404", "NoSuchKey", "NotFound"})


def stored_object(s3: S3Client, what: str, bucket: str, key: str) -> StoredObject:
    """Return an object's size and time, if it exists."""
    try:
        with map_errors(f"read {key}"):
            head = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error_code(error) not in _NOT_FOUND:
            raise
        return StoredObject(what=what, bucket=bucket, key=key)
    return StoredObject(
        what=what,
        bucket=bucket,
        key=key,
        bytes=head["ContentLength"],
        written_at=head["LastModified"],
    )
