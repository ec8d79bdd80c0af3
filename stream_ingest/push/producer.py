"""Sends packed records to Kinesis, in order within each bucket. Edge (network).

PutRecords does not preserve order: a record that fails does not stop those after it. So at most one
record of a bucket is in flight at any time, and the next is sent when that one was accepted; other
buckets are not affected. A request whose response is lost is sent again with the same bytes, which
the fold recognises.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from stream_ingest.aws.errors import map_errors
from stream_ingest.contracts.errors import TransientError
from stream_ingest.records.packer import OutgoingRecord

if TYPE_CHECKING:
    from types_aiobotocore_kinesis import KinesisClient

MAX_RECORDS = 500
MAX_REQUEST_BYTES = 1 << 20
"""PutRecords takes 500 records and 10 MiB (5 MiB until 2025). A shard takes 1 MB/s, small requests
are cheaper to retry, and a request is in memory three times while it is signed and sent."""
MAX_REQUESTS = 4
MAX_QUEUED_BYTES = 16 << 20
MAX_ATTEMPTS = 12
_FIRST_BACKOFF_S = 0.1
_MAX_BACKOFF_S = 10.0


class KinesisProducer:
    """Sends records and retries them until they are accepted; `put` applies back-pressure."""

    def __init__(
        self,
        client: KinesisClient,
        stream: str,
        *,
        accepted: Callable[[OutgoingRecord], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`accepted` is called once for each record that Kinesis has accepted."""
        self._client, self._stream, self._accepted = client, stream, accepted
        self._sleep, self._jitter = sleep, jitter
        self._queues: dict[int, deque[OutgoingRecord]] = {}
        self._busy: set[int] = set()
        self._queued_bytes = 0
        self._requests: set[asyncio.Task[None]] = set()
        self._progressed = asyncio.Event()
        self._error: BaseException | None = None
        self._stopped = False

    async def put(self, record: OutgoingRecord) -> None:
        """Queue a record; wait while too many bytes are queued. Raises a request's error."""
        self._queues.setdefault(record.bucket, deque()).append(record)
        self._queued_bytes += len(record.data)
        self._dispatch()
        while self._queued_bytes > MAX_QUEUED_BYTES:
            await self._wait()

    async def drain(self) -> None:
        """Wait until every record was accepted; raises the error of a failed request."""
        while self._queued_bytes or self._requests:
            self._dispatch()
            await self._wait()
        self._check()

    async def stop(self) -> None:
        """Cancel requests in flight and start no more; calling it twice is safe.

        Records without a response may or may not be in the stream.
        """
        self._stopped = True
        for request in self._requests:
            request.cancel()
        await asyncio.gather(*self._requests, return_exceptions=True)

    async def _wait(self) -> None:
        self._check()
        self._progressed.clear()
        await self._progressed.wait()
        self._check()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _dispatch(self) -> None:
        while len(self._requests) < MAX_REQUESTS and not (self._error or self._stopped):
            heads = self._next_records()
            if not heads:
                return
            self._busy.update(record.bucket for record in heads)
            request = asyncio.create_task(self._send(heads))
            self._requests.add(request)
            request.add_done_callback(self._on_done)

    def _next_records(self) -> list[OutgoingRecord]:
        heads: list[OutgoingRecord] = []
        size = 0
        for bucket, queue in self._queues.items():
            if not queue or bucket in self._busy:
                continue
            size += len(queue[0].data) + len(queue[0].partition_key)
            if heads and (size > MAX_REQUEST_BYTES or len(heads) == MAX_RECORDS):
                break
            heads.append(queue[0])
        return heads

    def _on_done(self, request: asyncio.Task[None]) -> None:
        self._requests.discard(request)
        if not request.cancelled() and request.exception() is not None:
            self._error = self._error or request.exception()
        self._dispatch()
        self._progressed.set()

    async def _send(self, records: Sequence[OutgoingRecord]) -> None:
        """Send one record per bucket until each was accepted, with a back-off between attempts."""
        unsent, reason = list(records), ""
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                backoff_s = min(_FIRST_BACKOFF_S * 2 ** (attempt - 1), _MAX_BACKOFF_S)
                await self._sleep(backoff_s * self._jitter())
            try:
                unsent, reason = await self._send_once(unsent)
            except TransientError as error:  # all rejected or the response lost: send again
                reason = str(error)
            if not unsent:
                return
        msg = (
            f"stream {self._stream}: {len(unsent)} records not accepted after {MAX_ATTEMPTS}"
            f" attempts; last error: {reason}"
        )
        raise TransientError(msg)

    async def _send_once(self, records: list[OutgoingRecord]) -> tuple[list[OutgoingRecord], str]:
        """Send records; return those that Kinesis rejected, and its error codes."""
        with map_errors(f"put records into {self._stream}"):
            answer = await self._client.put_records(
                StreamName=self._stream,
                Records=[
                    {"Data": record.data, "PartitionKey": record.partition_key}
                    for record in records
                ],
            )
        results = zip(records, answer["Records"], strict=True)
        failed = {
            record.bucket: (record, result["ErrorCode"])
            for record, result in results
            if result.get("ErrorCode")
        }
        self._settle(record for record in records if record.bucket not in failed)
        reasons = ", ".join(sorted({code for _, code in failed.values()}))
        return [record for record, _ in failed.values()], reasons

    def _settle(self, records: Iterable[OutgoingRecord]) -> None:
        for record in records:
            self._queues[record.bucket].popleft()
            self._busy.discard(record.bucket)
            self._queued_bytes -= len(record.data)
            self._accepted(record)
        self._dispatch()
        self._progressed.set()
