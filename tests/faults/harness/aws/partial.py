"""Partial failures: AWS does a part of a request and names the rest in an answer of HTTP 200.

Of each request every second entry is refused, from the first on: so a request of one is refused
whole, and in a longer one entries that succeed follow entries that fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Call = Callable[..., Any]
Partly = Callable[[Call, Mapping[str, Any]], dict[str, Any]]


def _refuses(index: int) -> bool:
    return index % 2 == 0


def _entrywise(name: str, count: str, code: str) -> Partly:
    """Return the partial failure of an operation that takes and answers entries in order."""
    refused = {"ErrorCode": code, "ErrorMessage": "slow down"}

    def partly(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
        entries = request[name]
        stored = [entry for index, entry in enumerate(entries) if not _refuses(index)]
        taken = iter(call(**{**request, name: stored})[name] if stored else ())
        results = [
            dict(refused) if _refuses(index) else next(taken) for index in range(len(entries))
        ]
        return {count: len(entries) - len(stored), name: results}

    return partly


def _batch_get_item(call: Call, request: Mapping[str, Any]) -> dict[str, Any]:
    ((table, wanted),) = request["RequestItems"].items()
    keys = wanted["Keys"]
    left = [key for index, key in enumerate(keys) if _refuses(index)]
    done = [key for index, key in enumerate(keys) if not _refuses(index)]
    answer: dict[str, Any] = {"Responses": {table: []}}
    if done:
        answer = call(RequestItems={table: {**wanted, "Keys": done}})
    return {**answer, "UnprocessedKeys": {table: {**wanted, "Keys": left}}}


PARTIAL: Mapping[str, Partly] = {
    "put_records": _entrywise(
        "Records", "FailedRecordCount", "ProvisionedThroughputExceededException"
    ),
    "put_events": _entrywise("Entries", "FailedEntryCount", "ThrottlingException"),
    "batch_get_item": _batch_get_item,
}
"""What a partial failure of an operation is; the others have none."""
