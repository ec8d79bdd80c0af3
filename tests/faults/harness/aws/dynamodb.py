"""DynamoDB in memory: one table, conditional writes, transactions, indexes, AWS's limits.

It understands the requests that the pipeline makes (`fault_expressions` says which expressions) and
refuses everything else loudly. `tests/faults/test_dynamodb_contract.py` compares it with moto.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from tests.faults.harness.aws.errors import (
    NotModelledError,
    Wire,
    client_error,
    known,
    validation_error,
)
from tests.faults.harness.aws.expressions import read_key_condition
from tests.faults.harness.aws.index import Indexes, Key, Own, key_names
from tests.faults.harness.aws.tokens import SyntaxRefusedError
from tests.faults.harness.aws.values import Item, item_bytes
from tests.faults.harness.aws.writes import (
    CONDITION_FAILED,
    EXPRESSIONS,
    RefusedError,
    Writes,
    bindings,
)

MAX_ACTIONS = 100
MAX_TRANSACTION_BYTES = 4 << 20
MAX_GETS = 100
_GET, _BATCH_GET, _QUERY = "GetItem", "BatchGetItem", "Query"
_PUT, _UPDATE, _TRANSACT = "PutItem", "UpdateItem", "TransactWriteItems"
_DELETE = "DeleteItem"
T = TypeVar("T")


class FakeDynamoDb:
    """A low-level client. `page_items` is how many items a query's page holds (AWS: 1 MB).

    `scan_items` is the same for a scan; None for all items, as tests want them.
    """

    def __init__(self, page_items: int = 1_000, scan_items: int | None = None) -> None:
        self.items: dict[Key, Item] = {}
        self.created_at = datetime(2026, 1, 1, tzinfo=UTC)
        """A restored table has another one."""
        self._page_items, self._scan_items = page_items, scan_items

    def create_table(self, **request: Wire) -> None:
        """Create the one table, from the request that the real one is created with."""
        known(
            request,
            *("TableName", "BillingMode", "AttributeDefinitions", "KeySchema"),
            "GlobalSecondaryIndexes",
        )
        keys = key_names(request["KeySchema"])
        kinds = {
            each["AttributeName"]: each["AttributeType"] for each in request["AttributeDefinitions"]
        }
        self.indexes = Indexes(request.get("GlobalSecondaryIndexes", ()), keys, kinds)
        self._own, self._keys = Own(self.items, keys), keys
        self._writes = Writes(self.items, keys, self.indexes, request["TableName"])

    def describe_table(self, **request: Wire) -> dict[str, Any]:
        """Return what tells a table from its copies."""
        known(request, "TableName")
        self._writes.check_table(request["TableName"], "DescribeTable")
        return {"Table": {"CreationDateTime": self.created_at}}

    def get_item(self, **request: Wire) -> dict[str, Any]:
        """Return an item; nothing if there is none."""
        known(
            request,
            *("TableName", "Key", "ConsistentRead"),
            *("ProjectionExpression", "ExpressionAttributeNames"),
        )
        self._writes.check_table(request["TableName"], _GET)
        item = self.items.get(self._writes.key(request["Key"], _GET))
        return {} if item is None else {"Item": _projected(item, request)}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Return the items that exist, in no particular order."""
        found: dict[str, list[Item]] = {}
        for name, request in RequestItems.items():
            known(
                request,
                *("Keys", "ConsistentRead", "ProjectionExpression", "ExpressionAttributeNames"),
            )
            self._writes.check_table(name, _BATCH_GET)
            keys = [self._writes.key(key, _BATCH_GET) for key in request["Keys"]]
            if not 0 < len(keys) <= MAX_GETS or len(set(keys)) < len(keys):
                msg = f"{len(keys)} keys: from 1 to {MAX_GETS} different ones are read at once"
                raise validation_error(_BATCH_GET, msg)
            items = [self.items[key] for key in reversed(keys) if key in self.items]
            found[name] = [_projected(item, request) for item in items]
        return {"Responses": found, "UnprocessedKeys": {}}

    def put_item(self, **request: Wire) -> dict[str, Any]:
        """Write an item under its condition."""
        known(request, "TableName", "Item", *EXPRESSIONS)
        self.write(*_alone(self._writes.put, request, _PUT))
        return {}

    def update_item(self, **request: Wire) -> dict[str, Any]:
        """Change an item, or make one, under its condition."""
        known(request, "TableName", "Key", "UpdateExpression", "ReturnValues", *EXPRESSIONS)
        key, item = _alone(self._writes.update, request, _UPDATE)
        shown = {"NONE": None, "ALL_OLD": self.items.get(key), "ALL_NEW": item}
        wanted = request.get("ReturnValues", "NONE")
        if wanted not in shown:
            raise NotModelledError(wanted)
        self.write(key, item)
        return {} if shown[wanted] is None else {"Attributes": shown[wanted]}

    def delete_item(self, **request: Wire) -> dict[str, Any]:
        """Remove an item under its condition; one that is not there is no error."""
        known(request, "TableName", "Key", *EXPRESSIONS)
        key = _alone(self._writes.delete, request, _DELETE)
        self.write(key, None)
        return {}

    def transact_write_items(self, *, TransactItems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Do all of the writes, or none of them."""
        if not 0 < len(TransactItems) <= MAX_ACTIONS:
            msg = f"{len(TransactItems)} actions: a transaction takes from 1 to {MAX_ACTIONS}"
            raise validation_error(_TRANSACT, msg)
        outcomes = [self._action(action) for action in TransactItems]
        if len({key for key, _ in outcomes}) < len(outcomes):
            msg = "Transaction request cannot include multiple operations on one item"
            raise validation_error(_TRANSACT, msg)
        if any(isinstance(outcome, RefusedError) for _, outcome in outcomes):
            raise _cancelled([outcome for _, outcome in outcomes])
        written = [(key, item) for key, item in outcomes if not isinstance(item, RefusedError)]
        if sum(item_bytes(item) for _, item in written if item) > MAX_TRANSACTION_BYTES:
            msg = "Transaction request size exceeds the limit of 4 MB"
            raise validation_error(_TRANSACT, msg)
        for key, item in written:
            self.write(key, item)
        return {}

    def query(self, **request: Wire) -> dict[str, Any]:
        """Return a page of items under one hash key, of an index or the table, in their order."""
        known(
            request,
            *("TableName", "IndexName", "KeyConditionExpression", "ExpressionAttributeValues"),
            *("ExpressionAttributeNames", "ExclusiveStartKey", "ConsistentRead"),
            *("ScanIndexForward", "ProjectionExpression", "Limit"),
        )
        self._writes.check_table(request["TableName"], _QUERY)
        index = self.indexes[request["IndexName"]] if "IndexName" in request else self._own
        try:
            condition = read_key_condition(request["KeyConditionExpression"])
        except SyntaxRefusedError as error:
            raise validation_error(_QUERY, str(error)) from error
        shown = request.get("ProjectionExpression", "")
        used = condition.placeholders | frozenset(shown.split(", ") if shown else ())
        bound = bindings(request, used, _QUERY)
        if bound.name(condition.name) != index.hash:
            msg = f"Query condition missed key schema element: {index.hash}"
            raise validation_error(_QUERY, msg)
        page, last = index.find(
            bound.values[condition.value]["S"],
            lambda item: condition.rest(item, bound),
            request.get("ExclusiveStartKey"),
            min(request.get("Limit", self._page_items), self._page_items),
            backward=not request.get("ScanIndexForward", True),
        )
        page = [_projected(item, request) for item in page]
        return {"Items": page, "Count": len(page)} | ({"LastEvaluatedKey": last} if last else {})

    def scan(self, **request: Wire) -> dict[str, Any]:
        """Return a page of all items, in an order of their keys."""
        known(
            request,
            *("TableName", "ExclusiveStartKey"),
            *("ProjectionExpression", "ExpressionAttributeNames"),
        )
        self._writes.check_table(request["TableName"], "Scan")
        keys = sorted(self.items)
        if "ExclusiveStartKey" in request:
            after = self._writes.key(request["ExclusiveStartKey"], "Scan")
            keys = [key for key in keys if key > after]
        most = self._scan_items or len(keys)
        page = [_projected(self.items[key], request) for key in keys[:most]]
        if len(keys) <= most:
            return {"Items": page}
        last = self.items[keys[most - 1]]
        return {"Items": page, "LastEvaluatedKey": {name: last[name] for name in self._keys}}

    def _action(self, action: Mapping[str, Any]) -> tuple[Key, Item | RefusedError | None]:
        ((kind, request),) = action.items()
        if kind not in {"Put", "Update", "ConditionCheck", "Delete"}:
            raise NotModelledError(kind)
        if kind in {"ConditionCheck", "Delete"}:
            return self._check_or_delete(kind, request)
        if kind == "Put":
            known(request, "TableName", "Item", *EXPRESSIONS)
            work, key = self._writes.put, self._writes.key(request["Item"], _TRANSACT, whole=False)
        else:
            known(request, "TableName", "Key", "UpdateExpression", *EXPRESSIONS)
            work, key = self._writes.update, self._writes.key(request["Key"], _TRANSACT)
        try:
            return work(request, _TRANSACT)
        except RefusedError as error:
            return key, error

    def _check_or_delete(
        self, kind: str, request: Mapping[str, Any]
    ) -> tuple[Key, Item | RefusedError | None]:
        """Return the key of a checked or deleted item, and the item that will be there."""
        known(request, "TableName", "Key", *EXPRESSIONS)
        key = self._writes.key(request["Key"], _TRANSACT)
        try:
            self._writes.delete(request, _TRANSACT)
        except RefusedError as error:
            return key, error
        return key, self.items.get(key) if kind == "ConditionCheck" else None

    def write(self, key: Key, item: Item | None) -> None:
        """Replace an item without a condition, as somebody with full rights does; None: delete."""
        if item is None:
            self.items.pop(key, None)
        else:
            self.items[key] = item
        self.indexes.write(key, item)


def _projected(item: Item, request: Mapping[str, Any]) -> Item:
    """Return the attributes that a request names, all of them by placeholders."""
    if "ProjectionExpression" not in request:
        return item
    names = request["ExpressionAttributeNames"]
    wanted = {names[each] for each in request["ProjectionExpression"].split(", ")}
    return {name: item[name] for name in item.keys() & wanted}


def _alone(
    work: Callable[[Mapping[str, Any], str], T],
    request: Mapping[str, Any],
    operation: str,
) -> T:
    """Work out a write outside a transaction; refusals become AWS's errors."""
    try:
        return work(request, operation)
    except RefusedError as error:
        if error.code != CONDITION_FAILED:
            raise validation_error(operation, error.message) from error
        extra = {} if error.item is None else {"Item": error.item}
        code = "ConditionalCheckFailedException"
        raise client_error(code, operation, error.message, **extra) from error


def _cancelled(outcomes: Sequence[Item | RefusedError | None]) -> Exception:
    reasons: list[dict[str, Any]] = []
    for outcome in outcomes:
        if not isinstance(outcome, RefusedError):
            reasons.append({"Code": "None"})
            continue
        reason: dict[str, Any] = {"Code": outcome.code, "Message": outcome.message}
        reasons.append(reason | ({} if outcome.item is None else {"Item": outcome.item}))
    codes = ", ".join(reason["Code"] for reason in reasons)
    return client_error(
        "TransactionCanceledException",
        _TRANSACT,
        f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]",
        CancellationReasons=reasons,
    )
