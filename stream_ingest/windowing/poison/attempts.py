"""Quarantine a record that ends the function's process each time. Edge (S3).

A process that runs out of memory or time cannot report anything. Lambda then halves the delivery,
down to the record at fault. An old record that comes alone is therefore marked before it is
processed (``processing/attempts/<sequence number>/<n>`` in the temporary bucket), and the mark is
removed afterwards, also after an exception. `MAX_ENDED` marks that are left are as many
processes that ended.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stream_ingest.aws.conditional_put import if_unchanged, put_if
from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.object_keys import ATTEMPTS_PREFIX
from stream_ingest.windowing.delivery import POISON_AFTER_S, Delivery

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

MAX_ENDED = 5
"""Processes that may end on a record before it is quarantined."""
_REASON = f"the function ended {MAX_ENDED} times without an answer: out of memory or out of time"


class Attempts:
    """Counts the processes that ended on one record."""

    def __init__(self, s3: S3Client, bucket: str, clock: Callable[[], float]) -> None:
        """Store marks in `bucket`; `clock` gives epoch seconds."""
        self._s3, self._bucket, self._clock = s3, bucket, clock

    @contextlib.contextmanager
    def counted(self, delivery: Delivery) -> Iterator[Delivery]:
        """Yield a delivery; one whose record has ended too many processes, as poison."""
        arrived_at_s = delivery.only_arrived_at_s
        if arrived_at_s is None or arrived_at_s + POISON_AFTER_S > self._clock():
            yield delivery
            return
        try:
            key = self._mark(delivery.first_sequence)
        except TransientError:  # uncounted is better than not processed
            yield delivery
            return
        if key is None:
            yield delivery.as_poison(_REASON)
            return
        try:
            yield delivery
        finally:
            self._remove(key)

    def _mark(self, sequence: int) -> str | None:
        """Return the key of a new mark, None if all of them are taken."""
        for number in range(1, MAX_ENDED + 1):
            key = f"{ATTEMPTS_PREFIX}{sequence}/{number}"
            if put_if(self._s3, if_unchanged(None), Bucket=self._bucket, Key=key, Body=b""):
                return key
        return None

    def _remove(self, key: str) -> None:
        with contextlib.suppress(TransientError), map_errors(f"delete {key}"):
            self._s3.delete_object(Bucket=self._bucket, Key=key)
