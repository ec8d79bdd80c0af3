"""The names of part files of refused rows, newest first. Edge (S3).

S3 lists names in their own order, 1,000 a request, so all are listed to find the newest. Who asks
for those of all batches while they are listed shares that listing, and polls are content with an
older one.
"""

from __future__ import annotations

import heapq
import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.object_keys import REFUSED_PREFIX, refused_prefix
from stream_ingest.contracts.timestamps import iso_second

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MAX_LISTED = 10_000
"""Number of part files that are known, the newest."""
_PART = re.compile(rf"{REFUSED_PREFIX}(?P<batch>[^/]+)/part-[0-9]{{5,}}\.jsonl")


class Part(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A part file of a batch."""

    at: str
    """The second in which it was stored, as sortable text."""
    key: str
    stored_at: datetime
    batch_id: str


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Part files, newest first; `complete` is False if there are older ones."""

    parts: list[Part] = []
    complete: bool = True
    listed_at_s: float = float("-inf")
    """When its last name was listed (monotonic clock)."""


class RefusedPartNames:
    """Lists the part files of one stack. Safe to share between threads."""

    def __init__(
        self, s3: S3Client, bucket: str, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        """List the stack's output bucket."""
        self._s3, self._bucket, self._monotonic_s = s3, bucket, monotonic_s
        self._lock = threading.Lock()
        self._last = Listing()

    def newest(self, batch_id: str | None, max_age_s: float = 0) -> Listing:
        """Return the parts of a batch, or of all: then as they were up to `max_age_s` ago."""
        if batch_id is not None:
            return self._list(refused_prefix(batch_id))
        asked_at_s = self._monotonic_s()
        with self._lock:
            if self._last.listed_at_s < asked_at_s - max_age_s:
                self._last = self._list(REFUSED_PREFIX)
            return self._last

    def _list(self, prefix: str) -> Listing:
        parts = heapq.nlargest(MAX_LISTED + 1, self._parts(prefix))
        return Listing(
            parts=parts[:MAX_LISTED],
            complete=len(parts) <= MAX_LISTED,
            listed_at_s=self._monotonic_s(),
        )

    def _parts(self, prefix: str) -> Iterator[Part]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        with map_errors("list refused rows"):
            for page in pages:
                for item in page.get("Contents", []):
                    if match := _PART.fullmatch(item["Key"]):
                        yield Part(
                            at=iso_second(item["LastModified"]),
                            key=item["Key"],
                            stored_at=item["LastModified"],
                            batch_id=match["batch"],
                        )
