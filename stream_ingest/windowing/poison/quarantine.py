"""Store records that cannot be decoded for inspection by an operator. Edge (S3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.object_keys import QUARANTINE_PREFIX
from stream_ingest.windowing.delivery import Poison

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class Quarantine:
    """Stores poison under ``failed/records/YYYY/MM/DD/<sequence number>.json``."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        """Store poison in `bucket`."""
        self._s3, self._bucket = s3, bucket

    def store(self, poison: Poison) -> str:
        """Store a record and its reason; return its key. Calling twice writes the same object."""
        content = msgspec.to_builtins(poison) | {"sequence": str(poison.sequence)}
        key = f"{QUARANTINE_PREFIX}{poison.arrived_at:%Y/%m/%d}/{poison.sequence}.json"
        with map_errors("quarantine a record"):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=msgspec.json.format(msgspec.json.encode(content)),
                ContentType="application/json",
            )
        return key
