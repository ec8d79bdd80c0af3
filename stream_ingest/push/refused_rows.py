"""Stores refused rows where a person can read them. Edge (S3).

One JSON line a row under ``failed/rows/<batch>/part-00001.jsonl`` in the output bucket.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.object_keys import refused_prefix
from stream_ingest.records.rows import RowRefusal


class ObjectWriter(Protocol):
    """The part of an S3 client that is used."""

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> object:  # noqa: N803 - AWS's names
        """Store an object."""
        ...


class RefusedRows:
    """Stores refusals in parts, numbered from 1; storing a part again replaces the object."""

    def __init__(self, s3: ObjectWriter, bucket: str, batch_id: str) -> None:
        """Store the refusals of one batch in `bucket`."""
        self._s3, self._bucket = s3, bucket
        self.prefix = refused_prefix(batch_id)
        self.parts = 0
        """Number of stored parts; a resumed push sets it."""

    def store(self, refusals: Sequence[RowRefusal]) -> None:
        """Store refusals as the next part; does nothing if there are none."""
        if not refusals:
            return
        with map_errors("store refused rows"):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=f"{self.prefix}part-{self.parts + 1:05d}.jsonl",
                Body=b"\n".join(map(msgspec.json.encode, refusals)) + b"\n",
                ContentType="application/jsonl",
            )
        self.parts += 1
