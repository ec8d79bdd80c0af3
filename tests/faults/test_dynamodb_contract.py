"""One contract test for `FakeDynamoDb` and moto's DynamoDB.

Both get the same requests, and have to return the same answers and errors and end with the same
table. The expressions are those of the pipeline, taken from its code where possible.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream_ingest.aws.items import to_wire
from stream_ingest.contracts import table
from tests.fakes.ingest.aws import TABLE
from tests.faults.harness.dynamodb_pair import DynamoDbPair

Request = tuple[str, dict[str, Any]]


@pytest.fixture
def pair(moto_dynamodb: Any) -> DynamoDbPair:  # noqa: ANN401 - a boto3 client
    return DynamoDbPair(moto_dynamodb)


def key(name: str, sort: str = "state") -> dict[str, Any]:
    return to_wire({table.PARTITION_KEY: name, table.SORT_KEY: sort})


def put(name: str, condition: str = "", values: Any = None, **attributes: object) -> dict[str, Any]:  # noqa: ANN401 - any
    request: dict[str, Any] = {"TableName": TABLE, "Item": key(name) | to_wire(attributes)}
    request |= {"ConditionExpression": condition} if condition else {}
    return request | ({"ExpressionAttributeValues": to_wire(values)} if values else {})


CONDITIONS: dict[str, dict[str, Any]] = {
    "attribute_not_exists(creator_name)": {},
    "attribute_exists(creator_name)": {},
    "version = :a": {":a": 1},
    "version <> :a": {":a": 1},
    "version < :a": {":a": 2},
    "version <= :a AND version >= :b": {":a": 2, ":b": 1},
    "version > :a OR attribute_not_exists(version)": {":a": 1},
    "NOT (version = :a) AND attribute_exists(version)": {":a": 2},
    "version IN (:a, :b)": {":a": 2, ":b": 3},
    "version = :a": {":a": "1"},  # noqa: F601 - of another type
    "attribute_not_exists(creator_name) OR registered_by = :a": {":a": "token"},
}


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("version", [None, 1, 2])
def test_both_evaluate_conditions_alike(
    pair: DynamoDbPair, condition: str, version: int | None
) -> None:
    if version is not None:
        pair.both("put_item", **put("ann", version=version, registered_by="token"))
    pair.both("put_item", **put("ann", condition, CONDITIONS[condition], version=7))
    pair.same()


UPDATES: dict[str, dict[str, Any]] = {
    "SET batch_id = :t": {":t": "b"},
    "SET accepted = :n, batch_id = :t": {":n": 1, ":t": "b"},
    "ADD accepted :n": {":n": 5},
    "ADD drained :s": {":s": {1, 2}},
    "SET batch_id = :t ADD accepted :n, duplicates :n REMOVE version": {":n": 2, ":t": "b"},
    "REMOVE nothing_there": {},
    "SET doubt = if_not_exists(doubt, :n)": {":n": 3},
    "DELETE drained :s": {":s": {7}},
    "DELETE drained :s SET batch_id = :t": {":s": {1, 2}, ":t": "b"},
}
REFUSED_UPDATES: dict[str, dict[str, Any]] = {
    "ADD creator :n": {":n": 1},
    "DELETE creator :s": {":s": {1}},
    "SET item = :t": {":t": "other"},
    "SET accepted = :n ADD accepted :n": {":n": 1},
    "SET accepted = :n": {":n": 1, ":unused": 1},
    "SET accepted = :undefined": {":n": 1},
    "SET accepted :n": {":n": 1},
    "SET accepted = missing_attribute": {},
}
"""Never in the same request as a condition: moto checks that first, AWS the expression."""


@pytest.mark.parametrize("returned", ["NONE", "ALL_OLD", "ALL_NEW"])
@pytest.mark.parametrize("update", [*UPDATES, *REFUSED_UPDATES])
@pytest.mark.parametrize("exists", [True, False])
def test_both_apply_updates_alike(
    pair: DynamoDbPair,
    update: str,
    returned: str,
    exists: bool,  # noqa: FBT001 - both
) -> None:
    if exists:
        pair.both("put_item", **put("ann", version=1, batch_id="a", creator="ann", drained={7}))
    values = (UPDATES | REFUSED_UPDATES)[update]
    request = {"ExpressionAttributeValues": to_wire(values)} if values else {}
    pair.both(
        "update_item",
        TableName=TABLE,
        Key=key("ann"),
        UpdateExpression=update,
        ReturnValues=returned,
        **request,
    )
    pair.same()


@pytest.mark.parametrize("condition", ["", *CONDITIONS])
@pytest.mark.parametrize("exists", [True, False])
def test_both_apply_deletes_alike(pair: DynamoDbPair, condition: str, exists: bool) -> None:  # noqa: FBT001 - both
    if exists:
        pair.both("put_item", **put("ann", version=1, registered_by="token"))
    values = CONDITIONS.get(condition)
    request: dict[str, Any] = {"ConditionExpression": condition} if condition else {}
    request |= {"ExpressionAttributeValues": to_wire(values)} if values else {}
    pair.both("delete_item", TableName=TABLE, Key=key("ann"), **request)
    pair.same()


def test_a_failed_condition_returns_the_item_if_requested(pair: DynamoDbPair) -> None:
    pair.both("put_item", **put("ann", status="processing"))
    for shows in ("ALL_OLD", "NONE"):
        answer = pair.both(
            "update_item",
            TableName=TABLE,
            Key=key("ann"),
            UpdateExpression="SET #status = :new",
            ConditionExpression="#status = :old",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=to_wire({":new": "b", ":old": "c"}),
            ReturnValuesOnConditionCheckFailure=shows,
        )
        assert answer[0] == "ConditionalCheckFailedException"
        assert bool(answer[2]) is (shows == "ALL_OLD")


def action(kind: str, name: str, condition: str) -> dict[str, Any]:
    if kind == "Put":
        return {"Put": put(name, condition, version=1)}
    request = {
        "TableName": TABLE,
        "Key": key(name),
        "UpdateExpression": "ADD accepted :n",
        "ExpressionAttributeValues": to_wire({":n": 1}),
    }
    return {"Update": request | ({"ConditionExpression": condition} if condition else {})}


NEW, OLD = "attribute_not_exists(creator_name)", "attribute_exists(creator_name)"


@pytest.mark.parametrize("kinds", list(itertools.product(("Put", "Update"), repeat=2)))
@pytest.mark.parametrize("conditions", list(itertools.product((NEW, OLD, ""), repeat=2)))
def test_a_transaction_writes_all_items_or_none(
    pair: DynamoDbPair, kinds: tuple[str, str], conditions: tuple[str, str]
) -> None:
    pair.both("put_item", **put("ann", version=9))
    actions = [
        action(kind, name, condition)
        for kind, name, condition in zip(kinds, ("ann", "ben"), conditions, strict=True)
    ]
    pair.both("transact_write_items", TransactItems=actions)
    pair.same()


def test_a_transaction_may_contain_each_item_once(pair: DynamoDbPair) -> None:
    answer = pair.both("transact_write_items", TransactItems=[action("Put", "ann", "")] * 2)
    assert answer[0] == "ValidationException"


def test_items_are_read_back_one_by_one_and_together(pair: DynamoDbPair) -> None:
    for name in ("ann", "ben"):
        pair.both("put_item", **put(name, version=1, body=b"\x00\x01", seen={"2026-11": b"x"}))
    for name in ("ann", "nobody"):
        pair.both("get_item", TableName=TABLE, Key=key(name), ConsistentRead=True)
    keys = [key(name) for name in ("ann", "nobody", "ben")]
    wanted = {"Keys": keys, "ConsistentRead": True}
    pair.both("batch_get_item", RequestItems={TABLE: wanted})
    some = {
        "ProjectionExpression": "#a, #b, #c",
        "ExpressionAttributeNames": {"#a": table.PARTITION_KEY, "#b": "version", "#c": "absent"},
    }
    for name in ("ann", "nobody"):
        pair.both("get_item", TableName=TABLE, Key=key(name), **some)
    answer = pair.both("batch_get_item", RequestItems={TABLE: wanted | some})
    assert "body" not in repr(answer)


QUERIES: list[tuple[str, str, dict[str, Any]]] = [
    (table.BATCH_INDEX, "batch_id = :v", {":v": "b"}),
    (table.DUE_INDEX, "due_shard = :v AND due_at <= :w", {":v": "due#1", ":w": 20}),
    (table.STATUS_INDEX, "#status = :v", {":v": "sent"}),
]


@pytest.mark.parametrize(("index", "condition", "values"), QUERIES)
def test_both_query_indexes_alike(
    pair: DynamoDbPair, index: str, condition: str, values: dict[str, Any]
) -> None:
    for number in range(6):
        attributes: dict[str, Any] = {
            "batch_id": "b" if number % 2 else None,
            "status": "sent" if number % 3 else "sending",
            "processing_date": "2026-11-21",
            "due_shard": f"due#{number % 2}",
            "due_at": 10 * number,
            "creator": "ann",
            "body": b"not projected",
        }
        pair.both("put_item", **put(f"ann{number}", **attributes))
    names = {"ExpressionAttributeNames": {"#status": "status"}} if "#" in condition else {}
    request = {"TableName": TABLE, "IndexName": index, "KeyConditionExpression": condition}
    request |= {"ExpressionAttributeValues": to_wire(values), **names}
    assert pair.both("query", **request)["Items"]
    latest = pair.both("query", **request, ScanIndexForward=False, Limit=1)
    assert len(latest["Items"]) == 1


_NAMES, _NUMBERS = st.sampled_from(("ann", "ben")), st.integers(0, 2)
_ATTRIBUTES = st.fixed_dictionaries(
    {}, optional={"version": _NUMBERS, "batch_id": st.sampled_from(("a", "b"))}
)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Draw a write like those of the tests above."""
    name, condition = draw(_NAMES), draw(st.sampled_from(["", *CONDITIONS]))
    if draw(st.booleans()):
        return "put_item", put(name, condition, CONDITIONS.get(condition), **draw(_ATTRIBUTES))
    update = draw(st.sampled_from(list(UPDATES)))
    values = UPDATES[update] | CONDITIONS.get(condition, {})
    request: dict[str, Any] = {
        "TableName": TABLE,
        "Key": key(name),
        "UpdateExpression": update,
        "ReturnValues": draw(st.sampled_from(("ALL_OLD", "ALL_NEW"))),
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    request |= {"ConditionExpression": condition} if condition else {}
    request |= {"ExpressionAttributeValues": to_wire(values)} if values else {}
    return "update_item", request


@settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(requests(), max_size=12))
def test_both_have_the_same_table_after_any_sequence_of_writes(
    moto_dynamodb: Any,  # noqa: ANN401 - a boto3 client
    writes: list[Request],
) -> None:
    pair = DynamoDbPair(moto_dynamodb)
    for operation, request in writes:
        pair.both(operation, **request)
    pair.same()
