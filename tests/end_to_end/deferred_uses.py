"""Uses of the rights on items that wait, or cannot be read, as calls with a role's session.

`tests/faults` and the tests of `windowing/unreadable` show when the functions make these calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.end_to_end.iam_stack import CallResult
from tests.end_to_end.role_uses import Uses

_PARTITION = "deferred#nobody"
_KEY = {"creator_name": {"S": _PARTITION}, "item": {"S": "record#1"}}
_ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "query": {
        "KeyConditionExpression": "creator_name = :partition",
        "ExpressionAttributeValues": {":partition": {"S": _PARTITION}},
    },
    "put_item": {"Item": _KEY},
    "delete_item": {"Key": _KEY},
    "update_item": {
        "Key": {**_KEY, "creator_name": {"S": "unreadable#0"}},
        "UpdateExpression": "SET reason = :reason",
        "ExpressionAttributeValues": {":reason": {"S": "x"}},
    },
}


def deferred(role: str, operation: str) -> Callable[[Uses], CallResult]:
    """Return the use of a role's right to one operation."""

    def use(uses: Uses) -> CallResult:
        return uses.call_table(role, operation, **_ARGUMENTS[operation])

    return use
