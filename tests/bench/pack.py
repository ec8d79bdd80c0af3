"""Packs rows into Kinesis records: rows that a shard accepts per second, and their CPU.

A shard accepts 1 MB/s or 1,000 records/s, whichever is reached first (AWS Kinesis quotas). Peers,
computed from the same rows: an aggregate of 25 KB without compression (rows as JSON, one per line),
and one record per row.
"""

from __future__ import annotations

import statistics

import msgspec

from stream_ingest.contracts.timestamps import from_epoch_ms
from stream_ingest.records.packer import RECORD_BYTES
from stream_ingest.records.rows import CoverRow
from tests.bench.measure import cpu_seconds, hand_over, say
from tests.bench.results import OURS, Limit, Measure
from tests.bench.rows import CREATORS, cover_rows, packed

ROWS = 500_000
ROUNDS = 5
_SHARD_BYTES = 1_000_000
_SHARD_RECORDS = 1_000


def per_shard_second(rows: int, records: float, size: int) -> float:
    """Return how many of these rows a shard accepts per second."""
    return rows / max(records / _SHARD_RECORDS, size / _SHARD_BYTES)


def plain_json(row: CoverRow) -> bytes:
    """Return a row as a plain producer sends it: the three columns of our CSV files."""
    created_at = from_epoch_ms(row.created_at_ms)
    fields = {"creator_name": row.creator, "cover_url": row.url, "created_at": created_at}
    return msgspec.json.encode(fields) + b"\n"


def density(rows: list[CoverRow]) -> Measure:
    """Return rows per shard-second, ours and the peers'."""
    records = list(packed(iter(rows)))
    size = sum(len(each.data) + len(each.partition_key) for each in records)
    plain = [len(plain_json(row)) for row in rows]
    aggregates = sum(plain) / RECORD_BYTES
    return Measure(
        name="pack",
        unit="rows/shard-second",
        ours=per_shard_second(len(rows), len(records), size),
        peers={
            "uncompressed aggregate": per_shard_second(len(rows), aggregates, sum(plain)),
            "record per row": per_shard_second(len(rows), len(rows), sum(plain)),
        },
        limits={
            OURS: Limit(least=14_000),
            "uncompressed aggregate": Limit(least=4.5),
            "record per row": Limit(least=14),
        },
        note=f"{size / len(rows):.1f} bytes a row against {sum(plain) / len(rows):.0f} as JSON;"
        f" {len(rows):,} rows of {CREATORS:,} creators",
    )


def run(rows: list[CoverRow]) -> None:
    """Pack all rows."""
    for _ in packed(iter(rows)):
        pass


def main() -> None:
    """Measure."""
    rows = list(cover_rows(ROWS))
    say(f"{len(rows):,} rows")
    rates = []
    for number in range(ROUNDS):
        rates.append(len(rows) / cpu_seconds(lambda: run(rows)))
        say(f"round {number + 1} of {ROUNDS}")
    cpu = Measure(
        name="pack.cpu",
        unit="rows/s",
        ours=statistics.median(rates),
        limits={OURS: Limit(least=250_000)},
    )
    hand_over([density(rows), cpu])


if __name__ == "__main__":
    main()
