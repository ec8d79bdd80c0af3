"""The refused rows of a batch, as its producer stored them. Edge (S3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import DecodeError
from stream_ingest.records.rows import RowRefusal

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def refused_rows(s3: S3Client, bucket: str, prefix: str) -> Iterator[RowRefusal]:
    """Yield the rows below a prefix, in their order, with one part file in memory.

    Raises `DecodeError` that names the place of a line that is none.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    with map_errors("list refused rows"):
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    for key in keys:
        yield from read_part(s3, bucket, key)


def read_part(s3: S3Client, bucket: str, key: str) -> Iterator[RowRefusal]:
    """Yield the rows of a part file; raises `DecodeError` that names the place of another line."""
    with map_errors(f"read {key}"):
        lines = s3.get_object(Bucket=bucket, Key=key)["Body"].read().splitlines()
    for number, line in enumerate(lines, 1):
        yield _read_refused(f"{key}, line {number}", line)


def _read_refused(place: str, line: bytes) -> RowRefusal:
    """Return a refused row; raises `DecodeError` that names its place."""
    try:
        return msgspec.json.decode(line, type=RowRefusal)
    except (msgspec.DecodeError, UnicodeError) as error:
        msg = f"{place} is no refused row: {error}"
        raise DecodeError(msg) from error
