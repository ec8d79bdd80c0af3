"""Why a creator's transaction is refused for good. Edge (botocore).

A state that another writer has changed meanwhile is a conflict, which the repository decides again.
But if the state is as it was read, and one of its new windows exists already, the number in the
state is wrong, and so it will be the next time. The same holds for a tally that is no number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from stream_ingest.aws.errors import is_about_content
from stream_ingest.aws.items import Item, from_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import UnreadableItemError

_CONDITION_FAILED = "ConditionalCheckFailed"


@contextmanager
def map_commit_errors(actions: Sequence[Item]) -> Iterator[None]:
    """Raise `UnreadableItemError` if the transaction of `actions` can never succeed.

    The first action is the put of the state under the version that was read.
    """
    try:
        yield
    except ClientError as error:
        response: Any = error.response
        reasons = response.get("CancellationReasons", [])
        if reasons and reasons[0].get("Code") == "None":
            for action, reason in zip(actions, reasons, strict=False):
                _check(actions[0], action, reason, error)
        tallies = [action for action in actions if "Update" in action]
        message = str(error.response.get("Error", {}).get("Message", ""))
        if tallies and not reasons and "operand" in message and is_about_content(message):
            # An emulation of AWS refuses the request as a whole, without saying which action.
            raise UnreadableItemError(*_key(tallies[0]), message) from error
        raise


def next_exists(sort: str) -> str:
    """Return what is wrong with a state whose next window exists, given the sort key of that."""
    return f"its next {sort} exists already"


def _check(state: Item, action: Item, reason: Item, error: ClientError) -> None:
    """Raise `UnreadableItemError` if an action is refused because of what the table has."""
    code, message = reason.get("Code"), str(reason.get("Message", ""))
    if code == _CONDITION_FAILED:
        partition, _ = _key(state)
        raise UnreadableItemError(partition, table.STATE, next_exists(_key(action)[1])) from error
    if code == "ValidationError" and is_about_content(message):
        raise UnreadableItemError(*_key(action), message) from error


def _key(action: Item) -> tuple[str, str]:
    ((kind, request),) = action.items()
    item = from_wire(
        {
            name: value
            for name, value in (request["Item"] if kind == "Put" else request["Key"]).items()
            if name in {table.PARTITION_KEY, table.SORT_KEY}
        }
    )
    return item[table.PARTITION_KEY], item[table.SORT_KEY]
