"""One write of DynamoDB, checked and worked out but not yet done.

`Writes.put` and `Writes.update` return the key and the item that would be there. `RefusedError` is
an answer of the table (a condition failed, an item is too large) and, in a transaction, only the
reason of one action; a request that makes no sense is AWS's ValidationException at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.faults.harness.aws.errors import client_error, validation_error
from tests.faults.harness.aws.expressions import Bindings, Update, read_condition, read_update
from tests.faults.harness.aws.index import Indexes, Key
from tests.faults.harness.aws.tokens import SyntaxRefusedError
from tests.faults.harness.aws.values import MAX_ITEM_BYTES, Item, item_bytes

CONDITION_FAILED = "ConditionalCheckFailed"
INVALID = "ValidationError"
_NO_TABLE = "ResourceNotFoundException"
EXPRESSIONS = (
    "ConditionExpression",
    "ExpressionAttributeNames",
    "ExpressionAttributeValues",
    "ReturnValuesOnConditionCheckFailure",
)


class RefusedError(Exception):
    """A refused write: its reason, and the existing item if the request asks for it."""

    def __init__(self, code: str, message: str, item: Item | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.item = code, message, item


def bindings(request: Mapping[str, Any], used: frozenset[str], operation: str) -> Bindings:
    """Return a request's placeholders; AWS takes neither unused nor undefined ones."""
    names = request.get("ExpressionAttributeNames") or {}
    values = request.get("ExpressionAttributeValues") or {}
    given = {*names, *values}
    if given != used:
        msg = f"placeholders that are unused or not defined: {sorted(given ^ used)}"
        raise validation_error(operation, msg)
    return Bindings(names, values)


class Writes:
    """Works out writes on the items of one table."""

    def __init__(
        self, items: Mapping[Key, Item], keys: tuple[str, str], indexes: Indexes, name: str
    ) -> None:
        self._items, self._keys, self._indexes, self._name = items, keys, indexes, name

    def check_table(self, name: str, operation: str) -> None:
        """Refuse a table that is not there."""
        if name != self._name:
            raise client_error(_NO_TABLE, operation)

    def key(self, given: Mapping[str, Any], operation: str, *, whole: bool = True) -> Key:
        """Return the key in an item, or in a `whole` Key, which holds nothing else."""
        first, second = self._keys
        partition, sort = given.get(first, {}).get("S"), given.get(second, {}).get("S")
        if not partition or not sort or (whole and len(given) > len(self._keys)):
            msg = "The provided key element does not match the schema"
            raise validation_error(operation, msg)
        return partition, sort

    def put(self, request: Mapping[str, Any], operation: str) -> tuple[Key, Item]:
        """Return what a put would write."""
        self.check_table(request["TableName"], operation)
        key = self.key(request["Item"], operation, whole=False)
        self._check_condition(request, operation, key, frozenset())
        item: Item = dict(request["Item"])
        self._check_item(item)
        return key, item

    def update(self, request: Mapping[str, Any], operation: str) -> tuple[Key, Item]:
        """Return what an update would write."""
        self.check_table(request["TableName"], operation)
        key = self.key(request["Key"], operation)
        try:
            update = read_update(request["UpdateExpression"])
        except SyntaxRefusedError as error:
            msg = f"Invalid UpdateExpression: {error}"
            raise validation_error(operation, msg) from error
        bound = self._check_condition(request, operation, key, update.placeholders)
        touched = [bound.name(name) for name in update.touched]
        if len(set(touched)) < len(touched) or set(touched) & set(self._keys):
            msg = "Invalid UpdateExpression: paths overlap, or touch the key"
            raise validation_error(operation, msg)
        item = _updated(update, self._items.get(key) or dict(request["Key"]), bound, operation)
        self._check_item(item)
        return key, item

    def delete(self, request: Mapping[str, Any], operation: str) -> Key:
        """Return the key of what a delete would remove."""
        self.check_table(request["TableName"], operation)
        key = self.key(request["Key"], operation)
        self._check_condition(request, operation, key, frozenset())
        return key

    def _check_condition(
        self, request: Mapping[str, Any], operation: str, key: Key, used: frozenset[str]
    ) -> Bindings:
        if "ConditionExpression" not in request:
            return bindings(request, used, operation)
        try:
            condition = read_condition(request["ConditionExpression"])
        except SyntaxRefusedError as error:
            msg = f"Invalid ConditionExpression: {error}"
            raise validation_error(operation, msg) from error
        bound = bindings(request, used | condition.placeholders, operation)
        current = self._items.get(key)
        if not condition.holds(current or {}, bound):
            shows = request.get("ReturnValuesOnConditionCheckFailure", "NONE") == "ALL_OLD"
            message = "The conditional request failed"
            raise RefusedError(CONDITION_FAILED, message, current if shows else None)
        return bound

    def _check_item(self, item: Item) -> None:
        if item_bytes(item) > MAX_ITEM_BYTES:
            msg = "Item size has exceeded the maximum allowed size"
            raise RefusedError(INVALID, msg)
        mismatched = self._indexes.mismatched(item)
        if mismatched is not None:
            msg = f"One or more parameter values were invalid: index key {mismatched}"
            raise RefusedError(INVALID, msg)


def _updated(update: Update, old: Item, bound: Bindings, operation: str) -> Item:
    new = dict(old)
    try:
        for act in update.actions:
            act(old, new, bound)
    except SyntaxRefusedError as error:
        raise validation_error(operation, str(error)) from error
    return new
