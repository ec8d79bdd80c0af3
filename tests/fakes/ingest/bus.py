"""EventBridge as the emitter sees it: PutEvents, with entries refused as a test requires."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

LIMIT_ENTRIES = 10
LIMIT_BYTES = 1_000_000


class FakeBus:
    """Takes events as a classic bus does and keeps AWS's limits.

    `refuse` says which details the bus refuses (an ErrorCode in the answer, HTTP 200 as ever);
    `broken` raises for the whole request.
    """

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.requests = 0
        self.refuse: Callable[[dict[str, Any]], bool] = lambda _: False
        self.broken = False

    def put_events(self, *, Entries: Sequence[Mapping[str, str]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Answer as EventBridge does: one result for each entry, in their order."""
        assert 0 < len(Entries) <= LIMIT_ENTRIES
        assert sum(len(entry["Detail"].encode()) for entry in Entries) < LIMIT_BYTES
        self.requests += 1
        if self.broken:
            error = {"Error": {"Code": "InternalException", "Message": "try again"}}
            raise ClientError(
                {**error, "ResponseMetadata": {"HTTPStatusCode": 500}},  # type: ignore[typeddict-item]
                "PutEvents",
            )
        results = [self._take(entry) for entry in Entries]
        failed = sum("ErrorCode" in result for result in results)
        return {"FailedEntryCount": failed, "Entries": results}

    def _take(self, entry: Mapping[str, str]) -> dict[str, str]:
        event = {
            "bus": entry["EventBusName"],
            "source": entry["Source"],
            "type": entry["DetailType"],
            "detail": json.loads(entry["Detail"]),
        }
        if self.refuse(event):
            return {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}
        self.taken.append(event)
        return {"EventId": f"event-{len(self.taken)}"}

    def details(self, kind: str = "WindowReady") -> list[dict[str, Any]]:
        """Return the details of one type, in the order in which they were taken."""
        return [event["detail"] for event in self.taken if event["type"] == kind]
