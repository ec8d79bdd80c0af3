"""Decode a Kinesis event into rows to fold, grouped by creator. Pure.

A record that cannot be decoded becomes `Poison` with its reason and does not block the others.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.naming import creator_key, is_creator_name
from stream_ingest.contracts.timestamps import from_epoch_s
from stream_ingest.records.codec import PackedRecord, unpack
from stream_ingest.windowing.rules.fold import Arrival

POISON_AFTER_S = 900
"""Age after which a record on which the code fails is quarantined: time to roll back a deployment,
and the longest that such a record can hold up its shard."""


class CreatorArrivals(msgspec.Struct, kw_only=True, gc=False):
    """The rows of one creator in stream order, with their first and last record."""

    creator: str
    first_sequence: int
    last_sequence: int
    arrivals: list[Arrival]
    records: list[tuple[int, int]] = []
    """Sequence number of each record, and how many arrivals came before it."""

    def by_record(self, taken: int) -> Iterator[tuple[int, list[Arrival]]]:
        """Yield sequence number and arrivals of each record, without the first `taken` arrivals."""
        ends = [*(before for _, before in self.records[1:]), len(self.arrivals)]
        for (sequence, before), end in zip(self.records, ends, strict=True):
            if arrivals := self.arrivals[max(before, taken) : end]:
                yield sequence, arrivals


class BatchEnd(msgspec.Struct, frozen=True, kw_only=True):
    """The end marker of a batch in one bucket: no more of its rows follow there."""

    batch_id: str
    trigger: str
    bucket: int
    sequence: int


class Poison(msgspec.Struct, frozen=True, kw_only=True):
    """A record that cannot be decoded, as delivered, and the reason."""

    sequence: int
    partition_key: str
    arrived_at: datetime
    """When Kinesis received it; identical on every redelivery."""
    reason: str
    data: str
    """Base64, as Lambda delivered it."""


class Delivery(msgspec.Struct, kw_only=True):
    """The decoded records of one invocation."""

    creators: dict[str, CreatorArrivals] = {}
    ends: list[BatchEnd] = []
    poison: list[Poison] = []
    records: int = 0
    rows: int = 0
    shard: str = ""
    """The shard of its records; Lambda delivers one shard at a time."""
    first_sequence: int = 0
    last_sequence: int = 0
    batches: set[str] = set()
    """Ids of the batches with rows or ends in it."""
    entries: dict[int, Mapping[str, Any]] = {}
    """The records as Lambda delivered them, by sequence number."""

    @property
    def only_arrived_at_s(self) -> int | None:
        """When the stream received the only record (epoch seconds); None if there are several."""
        if self.records != 1:
            return None
        return _arrived_at_s(self.entries[self.first_sequence])

    def poison_of(self, sequence: int, reason: str) -> Poison:
        """Return a record as poison."""
        return _poison(self.entries[sequence], reason)

    def as_poison(self, reason: str) -> Delivery:
        """Return the same records, all of them as poison."""
        return msgspec.structs.replace(
            self,
            creators={},
            ends=[],
            poison=[self.poison_of(sequence, reason) for sequence in self.entries],
        )


def read_delivery(event: Mapping[str, Any], now_s: float = 0) -> Delivery:
    """Decode AWS's Kinesis event. Trusts the envelope, which AWS writes, but not the records.

    A record on which decoding fails with an unexpected exception is poison if it is old at `now_s`,
    epoch seconds; else the exception is raised.
    """
    delivery = Delivery()
    for entry in event["Records"]:
        kinesis = entry["kinesis"]
        sequence = int(kinesis["sequenceNumber"])
        delivery.shard = entry["eventID"].partition(":")[0]
        delivery.first_sequence = delivery.first_sequence or sequence
        delivery.last_sequence = sequence
        delivery.records += 1
        delivery.entries[sequence] = kinesis
        try:
            record = unpack(base64.b64decode(kinesis["data"], validate=True))
            _add_record(delivery, record, sequence, _arrived_at_s(kinesis))
        except (DecodeError, binascii.Error) as error:
            delivery.poison.append(_poison(kinesis, str(error)))
        except Exception as error:
            if _arrived_at_s(kinesis) + POISON_AFTER_S > now_s:
                raise
            reason = f"decoding failed: {type(error).__name__}: {error}"
            delivery.poison.append(_poison(kinesis, reason))
    return delivery


def _arrived_at_s(kinesis: Mapping[str, Any]) -> int:
    return int(kinesis["approximateArrivalTimestamp"])


def _poison(kinesis: Mapping[str, Any], reason: str) -> Poison:
    return Poison(
        sequence=int(kinesis["sequenceNumber"]),
        partition_key=kinesis["partitionKey"],
        arrived_at=from_epoch_s(_arrived_at_s(kinesis)),
        reason=reason,
        data=kinesis["data"],
    )


def _add_record(delivery: Delivery, record: PackedRecord, sequence: int, arrived_at_s: int) -> None:
    for name in record.creators:
        if not is_creator_name(name):
            msg = f"record: not a creator name: {name[:40]!r}"
            raise DecodeError(msg)
    rows = list(record.cover_rows())
    delivery.batches.add(record.batch.batch_id)
    lists: list[list[Arrival] | None] = [None] * len(record.creators)
    batch, first = record.batch, record.position(0)
    for position, (packed, row) in enumerate(zip(record.rows, rows, strict=True), first):
        arrivals = lists[packed.creator]
        if arrivals is None:
            arrivals = lists[packed.creator] = _arrivals_of(delivery, row.creator, sequence)
        arrivals.append(Arrival(batch, position, row, arrived_at_s))
    delivery.rows += len(rows)
    if record.last:
        delivery.ends.append(
            BatchEnd(
                batch_id=record.batch.batch_id,
                trigger=record.batch.trigger,
                bucket=record.bucket,
                sequence=sequence,
            )
        )


def _arrivals_of(delivery: Delivery, creator: str, sequence: int) -> list[Arrival]:
    """Return the list of a creator's arrivals, to append a record's rows to."""
    key = creator_key(creator)
    work = delivery.creators.get(key)
    if work is None:
        work = delivery.creators[key] = CreatorArrivals(
            creator=creator, first_sequence=sequence, last_sequence=sequence, arrivals=[]
        )
    work.last_sequence = sequence
    work.records.append((sequence, len(work.arrivals)))
    return work.arrivals
