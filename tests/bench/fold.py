"""Folds packed records into states and windows: rows per CPU second, for any number of rows.

From an invocation's event (170 records, base64) to `Change`s; nothing is written or read. Rows are
sorted by creator, 100 each, so that the work per row is the same for every size. Every event is
folded twice, into the states of all rows so far and into those of the last 100,000. Other load on
the machine slows both down, so the difference between them is the effect of the number of rows
(`fold.spread`). `fold.mixed` has the rows of 20,000 creators ordered by date, so that a record
holds two or three rows of a creator.

``python -m tests.bench.fold FILE ROWS`` is one run, in its own process.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from stream_ingest.aws.garbage_collection import ignore_existing_objects
from stream_ingest.records.packer import OutgoingRecord
from stream_ingest.windowing.delivery import CreatorArrivals, read_delivery
from stream_ingest.windowing.rules.fold import Rules, fold
from stream_ingest.windowing.rules.state import CreatorState
from tests.bench.measure import hand_over, part, peak_mb, say
from tests.bench.results import OURS, Limit, Measure
from tests.bench.rows import NOW_S, cover_rows, packed

SIZES = (100_000, 1_000_000, 2_000_000)
MIXED_ROWS = 500_000
ROUNDS = 3
RECORDS = 170
"""Records in an invocation: full ones in the 6 MB at which Lambda ends a delivery."""
_ROWS_OF_ONE = 100
"""Rows of each creator in the file that is sorted."""
_RULES = Rules()


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one run."""

    rate: float
    """Rows a second of CPU, of all rows."""
    rates: dict[int, float]
    """Rows a second by size: the smallest in `SIZES` is restarted again and again."""
    ratios: dict[int, float]
    """How fast a size is, times the smallest at the same time."""
    peak_mb: float


class Folded:
    """States of creators, in memory."""

    def __init__(self) -> None:
        """Begin with no creator."""
        self.states: dict[str, CreatorState] = {}
        self.rows = 0
        self.spent_s = 0.0

    @property
    def rate(self) -> float:
        """Rows a second of CPU."""
        return self.rows / self.spent_s

    def deliver(self, event: dict[str, Any]) -> None:
        """Fold one invocation's event; only this is timed."""
        began = time.process_time()
        delivery = read_delivery(event)
        for key, work in delivery.creators.items():
            self.states[key] = self._fold(self.states.get(key), work)
        self.spent_s += time.process_time() - began
        self.rows += delivery.rows

    def _fold(self, state: CreatorState | None, work: CreatorArrivals) -> CreatorState:
        state = state or CreatorState(creator=work.creator)
        done = 0
        while done < len(work.arrivals):
            change = fold(state, work.arrivals[done:], NOW_S, _RULES)
            state, done = change.state, done + change.taken
        return state


def events(file: Path, rows: int) -> Iterator[dict[str, Any]]:
    """Yield the events of the first `rows` rows (and the rest of their last record)."""
    entries: list[dict[str, Any]] = []
    decoder = msgspec.msgpack.Decoder(OutgoingRecord)
    with file.open("rb") as stored:
        while rows > 0 and (head := stored.read(4)):
            record = decoder.decode(stored.read(int.from_bytes(head, "big")))
            rows -= record.rows
            entries.append(_entry(record, len(entries) + 1))
            if len(entries) == RECORDS:
                yield {"Records": entries}
                entries = []
    yield {"Records": entries}


def _entry(record: OutgoingRecord, sequence: int) -> dict[str, Any]:
    return {
        "eventID": f"shardId-000000000000:{sequence}",
        "kinesis": {
            "sequenceNumber": str(sequence),
            "partitionKey": record.partition_key,
            "data": b64encode(record.data).decode(),
            "approximateArrivalTimestamp": float(NOW_S),
        },
    }


def store(file: Path, rows: int, *, by_creator: bool) -> None:
    """Write the records of rows to a file."""
    with file.open("wb") as stored:
        for record in packed(cover_rows(rows, by_creator=by_creator)):
            data = msgspec.msgpack.encode(record)
            stored.write(len(data).to_bytes(4, "big") + data)


def run(file: Path, rows: int) -> Run:
    """Fold the first `rows` rows of a file."""
    ignore_existing_objects()  # as the function does
    small, *larger = SIZES
    grown, anew = Folded(), Folded()
    rates: dict[int, float] = {}
    ratios: dict[int, float] = {}
    for number, event in enumerate(events(file, rows)):
        for folded in (grown, anew) if number % 2 else (anew, grown):
            folded.deliver(event)
        if len(anew.states) * _ROWS_OF_ONE >= small:
            anew.states.clear()
        for size in larger:
            if size not in rates and grown.rows >= size:
                rates[size], ratios[size] = grown.rate, grown.rate / anew.rate
    return Run(rate=grown.rate, rates={small: anew.rate} | rates, ratios=ratios, peak_mb=peak_mb())


def _runs(file: Path, rows: int) -> Run:
    found: Any = part("tests.bench.fold", file, rows)
    return msgspec.convert(found, Run, str_keys=True)


def main() -> None:
    """Measure."""
    runs, mixed = [], []
    with tempfile.TemporaryDirectory() as name:
        file, mixed_file = Path(name, "sorted"), Path(name, "mixed")
        store(file, max(SIZES), by_creator=True)
        store(mixed_file, MIXED_ROWS, by_creator=False)
        say(f"{max(SIZES):,} rows are packed")
        for _ in range(ROUNDS):
            mixed.append(_runs(mixed_file, MIXED_ROWS).rate)
            runs.append(found := _runs(file, max(SIZES)))
            rates = ", ".join(f"{rate:,.0f} at {size:,}" for size, rate in found.rates.items())
            say(f"rows/s: {rates}; {found.peak_mb:.0f} MB")
    hand_over([*_speeds(runs), _flat(runs), _mixed(statistics.median(mixed))])


def _speeds(runs: list[Run]) -> list[Measure]:
    return [
        Measure(
            name="fold" if size == max(SIZES) else f"fold.{size // 1_000}k",
            unit="rows/s",
            ours=statistics.median(run.rates[size] for run in runs),
            limits={OURS: Limit(least=200_000)} if size == max(SIZES) else {},
        )
        for size in reversed(SIZES)
    ]


def _flat(runs: list[Run]) -> Measure:
    ratios = (statistics.median(run.ratios[size] for run in runs) for size in SIZES[1:])
    return Measure(
        name="fold.spread",
        unit="%",
        ours=max(100 * abs(1 - ratio) for ratio in ratios),
        more_is_better=False,
        limits={OURS: Limit(most=10)},
    )


def _mixed(rate: float) -> Measure:
    return Measure(
        name="fold.mixed",
        unit="rows/s",
        ours=rate,
        limits={OURS: Limit(least=85_000)},
        note="20,000 creators by date",
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.stdout.buffer.write(msgspec.json.encode(run(Path(sys.argv[1]), int(sys.argv[2]))))
    else:
        main()
