"""Rows that were refused at the entrance are kept where a person can read them. Edge (S3).

One JSON line a row under ``failed/rows/<batch>/part-00001.jsonl`` in the output bucket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws_errors import translated
from stream_ingest.rows import Refusal

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PART_ROWS = 2_000


class RefusedRows:
    """Gathers refusals and stores them part by part."""

    def __init__(self, s3: S3Client, bucket: str, batch_id: str) -> None:
        """Keep the refusals of one batch in `bucket`."""
        self._s3, self._bucket = s3, bucket
        self.prefix = f"failed/rows/{batch_id}/"
        self._rows: list[Refusal] = []
        self._parts = 0

    def add(self, refusal: Refusal) -> bool:
        """Take a refusal; tell whether a part is full and `store` should be called."""
        self._rows.append(refusal)
        return len(self._rows) >= PART_ROWS

    def store(self) -> None:
        """Store what was gathered as the next part; nothing where nothing was."""
        if not self._rows:
            return
        self._parts += 1
        with translated("store refused rows"):
            self._s3.put_object(
                Bucket=self._bucket,
                Key=f"{self.prefix}part-{self._parts:05d}.jsonl",
                Body=b"\n".join(map(msgspec.json.encode, self._rows)) + b"\n",
                ContentType="application/jsonl",
            )
        self._rows.clear()
