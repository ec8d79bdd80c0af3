"""Store image lists that are too long for an event in S3. Edge (S3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.events import MAX_DETAIL_BYTES, WindowReady, encode_detail
from stream_ingest.contracts.naming import split_window_id

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


def fitting_detail(event: WindowReady, s3: S3Client, temp_bucket: str) -> str:
    """Return the detail of `event`, at most `MAX_DETAIL_BYTES` long.

    If it would be longer, stores the images in the temp bucket and puts their key into the detail.
    Calling twice writes the same object.
    """
    detail = encode_detail(event)
    if len(detail.encode()) <= MAX_DETAIL_BYTES:
        return detail
    key, number = split_window_id(event.window_id)
    images_key = f"processing/windows/{key}/{number:06d}.json"
    with map_errors(f"store images of {event.window_id}"):
        s3.put_object(
            Bucket=temp_bucket,
            Key=images_key,
            Body=msgspec.json.encode(event.images),
            ContentType="application/json",
        )
    return encode_detail(msgspec.structs.replace(event, images=(), images_key=images_key))
