"""Lambda's mapping of one Kinesis shard, after AWS's rules (docs/facts.md#kinesis-mapping).

An invocation that fails, or answers with failed items, is repeated: from its first record, or from
the lowest failed one on. What comes before is done and is not delivered again, unless the mapping
itself forgets (`again`), which AWS allows it to do at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from tests.fakes.ingest.delivery import FIRST_SEQUENCE, kinesis_event

Handler = Callable[[dict[str, Any]], dict[str, Any]]


class ShardMapping:
    """Drives a handler over the records of one shard until all are done."""

    def __init__(self, handler: Handler, random: Random, *, most: int = 5) -> None:
        self._handler, self._random, self._most = handler, random, most
        self.invocations = 0

    def run(self, records: Sequence[bytes], *, again: float = 0.0) -> None:
        """Deliver all records; `again` is the chance that a batch is delivered once more."""
        done = 0
        while done < len(records):
            size = self._random.randint(1, self._most)
            done = self._invoke(records, done, min(done + size, len(records)))
            if self._random.random() < again:
                done = self._random.randint(0, done)

    def _invoke(self, records: Sequence[bytes], start: int, end: int) -> int:
        """Return the position from which the next invocation starts."""
        self.invocations += 1
        event = kinesis_event(records[start:end], FIRST_SEQUENCE + start)
        try:
            answer = self._handler(event)
        except Exception:  # noqa: BLE001 - whatever a handler raises, the mapping repeats the batch
            return start
        failed = [int(item["itemIdentifier"]) for item in answer["batchItemFailures"]]
        return min(failed, default=FIRST_SEQUENCE + end) - FIRST_SEQUENCE
