"""Lambda's mapping of a Kinesis stream, after AWS's rules (docs/facts.md#kinesis-mapping).

One `LaneMapping` is what AWS runs for one shard, or for one of its lanes if the parallelization
factor is above 1: records of a partition key stay in one lane, and a lane continues only when its
batch is done or abandoned. The rules, each with a test in `tests/faults/test_mapping.py`:

- an error, or a response that makes no sense, fails the batch; ``batchItemFailures`` that is empty
  or missing is success;
- reported failures put the checkpoint at the lowest of them, and all from there comes again;
- bisecting halves a failed batch, or cuts it at the lowest reported record; neither uses a retry;
- a batch that failed ``max_retries`` times after its first, or a record that became too old, goes
  with its data to the on-failure destination, and the lane continues.
"""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zlib import crc32

from tests.faults.harness.aws.kinesis import FakeKinesis, StreamRecord, shard_id

FOR_EVER = -1
_LONG_S = 365 * 86_400
"""Instead of for ever, so that no batch is ended before its records are delivered."""
_MARGIN_S = 60
Handler = Callable[[dict[str, Any]], Any]
Given = Callable[[str, bytes], object]
"""Takes a key and the bytes of an on-failure object."""


class InvocationThrottledError(Exception):
    """Lambda had no capacity: the function was never called, and no retry is used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingSettings:
    """Settings of a mapping; the defaults are AWS's, except that failures are reported."""

    batch_size: int = 100
    bisects: bool = False
    reports: bool = True
    max_retries: int = FOR_EVER
    max_record_age_s: int = FOR_EVER
    parallelization: int = 1

    @property
    def delivery_s(self) -> int:
        """Seconds after which a record was processed or discarded (`pulumi/delivery_time.py`)."""
        age_s = _LONG_S if self.max_record_age_s == FOR_EVER else self.max_record_age_s
        return age_s + _MARGIN_S


@dataclass(frozen=True, slots=True)
class _Batch:
    records: tuple[StreamRecord, ...]
    retries: int = 0


@dataclass(frozen=True, slots=True)
class _Verdict:
    """How many of a batch's records are done, and why the others are not."""

    done: int
    is_error: bool = False
    throttled: bool = False


class LaneMapping:
    """Delivers one lane of one shard, an invocation at a time."""

    def __init__(  # noqa: PLR0913 - the parameters of CreateEventSourceMapping
        self,
        stream: FakeKinesis,
        shard: int,
        handler: Handler,
        settings: MappingSettings,
        *,
        clock: Callable[[], float],
        on_failure: Given,
        lane: int = 0,
    ) -> None:
        self._stream, self._shard, self._lane = stream, shard, lane
        self._handler, self._settings = handler, settings
        self._clock, self._on_failure = clock, on_failure
        self._pending: list[_Batch] = []
        self._read = 0
        self.checkpoint = 0
        """Records of this lane before this one are done or abandoned."""
        self.invocations = 0

    @property
    def records(self) -> list[StreamRecord]:
        """The lane's records, delivered or not."""
        lanes = self._settings.parallelization
        shard = self._stream.shards[self._shard]
        if lanes == 1:
            return shard
        return [each for each in shard if crc32(each.partition_key.encode()) % lanes == self._lane]

    @property
    def is_done(self) -> bool:
        """Return whether no record is left to be delivered."""
        return self.checkpoint == len(self.records)

    def poll(self) -> bool:
        """Deliver the next batch, or what is left of it, once; False if nothing is there."""
        if not self._pending:
            records = self.records[self._read : self._read + self._settings.batch_size]
            if not records:
                return False
            self._read += len(records)
            self._pending.append(_Batch(tuple(records)))
        batch = self._without_aged(self._pending.pop(0))
        if batch.records:
            self._settle(batch, self._invoke(batch.records))
        return True

    def redeliver(self, start: int, stop: int, cuts: Sequence[int] = ()) -> None:
        """Deliver records of the lane once more, out of turn, in pieces; the checkpoint stays.

        AWS may do so with what it has delivered before. `start` is at most the checkpoint: what
        is delivered early (by an invocation whose end Lambda missed) follows on what was done, so
        a piece that fails is the last one.
        """
        records = self.records[min(start, self.checkpoint) : stop]
        edges = sorted({0, len(records), *(cut for cut in cuts if cut < len(records))})
        for first, last in itertools.pairwise(edges):
            if self._invoke(records[first:last]).done < last - first:
                return

    def has_aged(self, start: int, stop: int) -> bool:
        """Return whether any of some records of the lane is old enough to be discarded."""
        return any(map(self._is_aged, self.records[start:stop]))

    def _settle(self, batch: _Batch, verdict: _Verdict) -> None:
        """Move the checkpoint, and put what has to come again back in front."""
        self.checkpoint += verdict.done
        failed = batch.records[verdict.done :]
        if not failed:
            return
        tried = _Batch(failed, batch.retries + 1)
        if verdict.throttled or (verdict.done and self._settings.bisects):
            self._pending.insert(0, _Batch(failed, batch.retries))
        elif verdict.is_error and self._settings.bisects and len(failed) > 1:
            half = len(failed) // 2
            self._pending[:0] = [
                _Batch(part, batch.retries) for part in (failed[:half], failed[half:])
            ]
        elif 0 <= self._settings.max_retries < tried.retries:
            self._fail_window(failed, "RetryAttemptsExhausted", tried.retries)
        else:
            self._pending.insert(0, tried)

    def _invoke(self, records: Sequence[StreamRecord]) -> _Verdict:
        self.invocations += 1
        event = {"Records": [_entry(record, self._shard) for record in records]}
        try:
            response = self._handler(event)
        except AssertionError:
            raise  # a fake's or a test's own: not the function's
        except InvocationThrottledError:
            return _Verdict(0, throttled=True)
        except Exception:  # noqa: BLE001 - whatever a function raises, its batch has failed
            return _Verdict(0, is_error=True)
        if not self._settings.reports:
            return _Verdict(len(records))
        return _read(response, [str(record.sequence) for record in records])

    def _without_aged(self, batch: _Batch) -> _Batch:
        aged = tuple(filter(self._is_aged, batch.records))
        if aged:
            self._fail_window(aged, "RecordAgeExceeded", batch.retries)
        return _Batch(batch.records[len(aged) :], batch.retries)

    def _is_aged(self, record: StreamRecord) -> bool:
        longest = self._settings.max_record_age_s
        return longest != FOR_EVER and record.arrived_at < self._clock() - longest

    def _fail_window(self, records: Sequence[StreamRecord], condition: str, tries: int) -> None:
        """Store what cannot be delivered, data and all: of the destinations only S3 gets it."""
        self.checkpoint += len(records)
        first, last = records[0], records[-1]
        now = datetime.fromtimestamp(self._clock(), UTC)
        shard = shard_id(self._shard)
        info = {
            "shardId": shard,
            "startSequenceNumber": str(first.sequence),
            "endSequenceNumber": str(last.sequence),
            "batchSize": len(records),
        }
        content = {
            "requestContext": {"condition": condition, "approximateInvokeCount": tries},
            "version": "1.0",
            "timestamp": now.isoformat(),
            "KinesisBatchInfo": info,
            "payload": json.dumps({"Records": [_entry(each, self._shard) for each in records]}),
        }
        key = f"aws/lambda/mapping/{shard}/{now:%Y/%m/%d/%Y-%m-%dT%H.%M.%S}-{first.sequence}"
        self._on_failure(key, json.dumps(content).encode())


def _read(response: Any, sequences: Sequence[str]) -> _Verdict:  # noqa: ANN401 - whatever a function returns
    """Return what a response says of a batch."""
    failures = (response or {}).get("batchItemFailures") or []
    failed = [failure.get("itemIdentifier") for failure in failures]
    if any(each not in sequences for each in failed):  # empty, null, unknown, or another key
        return _Verdict(0, is_error=True)
    return _Verdict(min((sequences.index(each) for each in failed), default=len(sequences)))


def _entry(record: StreamRecord, shard: int) -> dict[str, Any]:
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record.partition_key,
            "sequenceNumber": str(record.sequence),
            "data": base64.b64encode(record.data).decode(),
            "approximateArrivalTimestamp": record.arrived_at,
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard_id(shard)}:{record.sequence}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": "arn:aws:iam::123456789012:role/windowing",
        "awsRegion": "us-east-1",
        "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/coverstream-test",
    }
