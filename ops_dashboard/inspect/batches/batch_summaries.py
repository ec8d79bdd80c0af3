"""The stored summaries of batches that have ended. Edge (S3)."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from stream_ingest.aws.errors import map_errors
from stream_ingest.batches.progress import ENDED_BATCHES, Batch
from stream_ingest.batches.results.documents import decode_document
from stream_ingest.batches.results.summary import BatchSummary, summary_key

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_MAX_KEPT = 500


class BatchSummaries:
    """Reads summaries; each once, because they do not change. Safe to share between threads."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        """Read from the output bucket."""
        self._s3, self._bucket = s3, bucket
        self._kept: OrderedDict[str, BatchSummary] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, batch: Batch) -> BatchSummary | None:
        """Return the summary of a batch; None if it has not ended, or if it has none (any more).

        Raises `DecodeError` if the object is not a summary.
        """
        if batch.status not in ENDED_BATCHES:
            return None
        key = summary_key(batch.batch_id, batch.started_at)
        with self._lock:
            if key in self._kept:
                return self._kept[key]
        try:
            with map_errors(f"read {key}"):
                body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._s3.exceptions.NoSuchKey:
            return None
        summary = decode_document(body, BatchSummary)
        with self._lock:
            self._kept[key] = summary
            while len(self._kept) > _MAX_KEPT:
                self._kept.popitem(last=False)
        return summary
