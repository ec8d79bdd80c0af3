"""A window's metadata, as its last build wrote it. Edge (S3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from collage_lambda.output.metadata import WindowMetadata
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import DecodeError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def read_metadata(s3: S3Client, bucket: str, key: str) -> WindowMetadata | None:
    """Return the metadata under a key; None if it was never written or has expired.

    Raises `DecodeError` if the object is not metadata.
    """
    try:
        with map_errors(f"read {key}"):
            body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except s3.exceptions.NoSuchKey:
        return None
    try:
        return msgspec.json.decode(body, type=WindowMetadata)
    except msgspec.DecodeError as error:
        msg = f"{key}: {error}"
        raise DecodeError(msg) from error
