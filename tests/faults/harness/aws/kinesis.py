"""A Kinesis stream in memory: shards by partition key, sequence numbers that rise within each."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.faults.harness.aws.errors import client_error, validation_error

MAX_RECORDS = 500
MAX_REQUEST_BYTES = 10 << 20
MAX_RECORD_BYTES = 1 << 20
"""The default of a stream; it can be set up to 10 MiB."""
FIRST_SEQUENCE = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
_PUT, _TOO_MUCH = "PutRecords", "InvalidArgumentException"
_KEY_SPACE_BITS = 128


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """A record as the stream keeps it."""

    sequence: int
    partition_key: str
    data: bytes
    arrived_at: float


class FakeKinesis:
    """A stream. `shards` holds each shard's records in the order of their sequence numbers."""

    def __init__(self, name: str, clock: Callable[[], float], *, shards: int = 2) -> None:
        self.name, self._clock = name, clock
        self.shards: list[list[StreamRecord]] = [[] for _ in range(shards)]
        self._taken = 0
        self.spoiled: dict[int, bytes] = {}
        """By sequence number: what was sent as the records that `spoil_next` has spoiled."""
        self._until_spoiled = 0

    def put_records(
        self,
        *,
        StreamName: str,  # noqa: N803 - AWS's name
        Records: Sequence[Mapping[str, Any]],  # noqa: N803 - AWS's name
    ) -> dict[str, Any]:
        """Take records; the answer says for each of them where it is, in the order given."""
        if StreamName != self.name:
            code = "ResourceNotFoundException"
            raise client_error(code, _PUT)
        sizes = [len(record["Data"]) + len(record["PartitionKey"]) for record in Records]
        if not 0 < len(sizes) <= MAX_RECORDS or sum(sizes) > MAX_REQUEST_BYTES:
            msg = f"{len(sizes)} records of {sum(sizes)} bytes"
            raise client_error(_TOO_MUCH, _PUT, msg)
        if max(sizes) > MAX_RECORD_BYTES:
            msg = f"a record of {max(sizes)} bytes"
            raise validation_error(_PUT, msg)
        results = [self._take(record["PartitionKey"], record["Data"]) for record in Records]
        return {"FailedRecordCount": 0, "Records": results}

    def spoil_next(self, others: int | None) -> None:
        """Have a record, after some others, arrive without its last byte; None: have none."""
        self._until_spoiled = 0 if others is None else others + 1

    def shard_of(self, partition_key: str) -> int:
        """Return the number of the shard whose range holds the key's MD5."""
        digest = hashlib.md5(partition_key.encode(), usedforsecurity=False).digest()
        return int.from_bytes(digest) * len(self.shards) >> _KEY_SPACE_BITS

    def _take(self, partition_key: str, data: bytes) -> dict[str, str]:
        shard = self.shard_of(partition_key)
        self._taken += 1
        sequence = FIRST_SEQUENCE + 3 * self._taken  # within a shard they rise, but not by one
        self._until_spoiled -= 1
        if not self._until_spoiled:
            self.spoiled[sequence], data = data, data[:-1]
        self.shards[shard].append(StreamRecord(sequence, partition_key, data, self._clock()))
        return {"SequenceNumber": str(sequence), "ShardId": shard_id(shard)}


def shard_id(number: int) -> str:
    """Return a shard's id."""
    return f"shardId-{number:012d}"
