"""Kinesis as the producer sees it: PutRecords, with the answers that a test requires."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

Entry = Mapping[str, Any]
Answer = Callable[[Sequence[Entry]], "dict[int, str] | Exception | None"]
"""Error codes by index for a request's records, or what is raised, or None when all is well."""

LIMIT_RECORDS = 500
LIMIT_BYTES = 10 << 20


class FakeKinesis:
    """Takes records like a stream of one shard and keeps AWS's limits.

    `script` holds the answers of the first requests; later ones are all taken. `stored` are the
    records in the order of the stream, `attempts` the records of every request.
    """

    def __init__(self, *script: Answer) -> None:
        self._script = deque(script)
        self.stored: list[tuple[str, bytes]] = []
        self.attempts: list[list[tuple[str, bytes]]] = []
        self.most_at_once = 0
        self._at_once = 0
        self.gate: asyncio.Event | None = None
        """Where a test sets one, requests wait for it before they are answered."""

    async def put_records(self, *, StreamName: str, Records: Sequence[Entry]) -> dict[str, Any]:  # noqa: N803 - AWS's names
        """Answer as Kinesis does: one result for each record, in their order."""
        assert StreamName
        assert 0 < len(Records) <= LIMIT_RECORDS
        assert sum(len(r["Data"]) + len(r["PartitionKey"]) for r in Records) <= LIMIT_BYTES
        self.attempts.append([(r["PartitionKey"], r["Data"]) for r in Records])
        answer = self._script.popleft() if self._script else _all_taken
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(0)
            if self.gate is not None:
                await self.gate.wait()
            return self._results(Records, answer(Records))
        finally:
            self._at_once -= 1

    def _results(
        self, records: Sequence[Entry], outcome: dict[int, str] | Exception | None
    ) -> dict[str, Any]:
        if isinstance(outcome, _LostAnswerError):
            self._store(records)
            raise ReadTimeoutError(endpoint_url="https://kinesis")
        if isinstance(outcome, Exception):
            raise outcome
        refused = outcome or {}
        self._store([r for i, r in enumerate(records) if i not in refused])
        results = [
            {"ErrorCode": refused[index], "ErrorMessage": "refused"}
            if index in refused
            else {"SequenceNumber": str(len(self.stored)), "ShardId": "shardId-000000000000"}
            for index, _ in enumerate(records)
        ]
        return {"FailedRecordCount": len(refused), "Records": results}

    def _store(self, records: Sequence[Entry]) -> None:
        for record in records:
            self.stored.append((record["PartitionKey"], record["Data"]))


class _LostAnswerError(Exception):
    """The records were stored, but the answer was lost."""


def _all_taken(_: Sequence[Entry]) -> None:
    return None


def refuse_all(code: str = "ProvisionedThroughputExceededException") -> Answer:
    """Refuse each record of a request."""
    return lambda records: dict.fromkeys(range(len(records)), code)


def refuse_at(*indexes: int) -> Answer:
    """Refuse some records of a request."""
    return lambda records: {i: "InternalFailure" for i in indexes if i < len(records)}


def lose_answer() -> Answer:
    """Take the records and lose the answer on its way."""
    return lambda _: _LostAnswerError()


def throttle() -> Answer:
    """Refuse a request as a whole."""
    return raising("ProvisionedThroughputExceededException")


def raising(code: str) -> Answer:
    """Answer with an error of AWS."""
    return lambda _: ClientError({"Error": {"Code": code, "Message": code}}, "PutRecords")
