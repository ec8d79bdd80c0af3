"""What the roles' conditions allow and deny.

The embedded AWS evaluates none of these conditions, so the policies are evaluated by a model of
IAM. The functions in `tests/faults` have these rights, which shows that they are enough.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.iam.conditions import hold
from tests.fakes.iam.requests import authorizations
from tests.fakes.iam.roles import ROLES, DeniedError, check, statements

STATE, WINDOW = ("ann", "state"), ("ann", "window#000001")
BATCH, PACK = ("batch#b1", "batch"), ("prefetched#prefetched/a.zip", "prefetched")
CONTENT, LAST_PUSH = ("content#00", "creators"), ("push#mysql://db/covers", "last")


def key(place: tuple[str, str]) -> dict[str, Any]:
    return {"creator_name": {"S": place[0]}, "item": {"S": place[1]}}


def put(place: tuple[str, str]) -> dict[str, Any]:
    return {"TableName": "table", "Item": {**key(place), "version": {"N": "1"}}}


def update(place: tuple[str, str], text: str, **names: str) -> dict[str, Any]:
    found = {f"#{name}": value for name, value in names.items()}
    return {
        "TableName": "table",
        "Key": key(place),
        "UpdateExpression": text,
        "ExpressionAttributeNames": found,
    }


def event(source: str, detail_type: str) -> dict[str, Any]:
    return {"Source": f"coverstream.{source}", "DetailType": detail_type}


def entries(*events: dict[str, Any]) -> dict[str, Any]:
    return {"Entries": list(events)}


CREATED = event("collage", "CollageCreated")
FORGED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "a window by the collage function": (
        "collage",
        "put_events",
        entries(event("windowing", "WindowReady")),
    ),
    "a window under its own source": (
        "collage",
        "put_events",
        entries(event("collage", "WindowReady")),
    ),
    "a window beside an event of its own": (
        "collage",
        "put_events",
        entries(CREATED, event("sweeper", "WindowReady")),
    ),
    "the end of a batch by the collage function": (
        "collage",
        "put_events",
        entries(event("sweeper", "BatchCompleted")),
    ),
    "a collage by the windowing function": ("windowing", "put_events", entries(CREATED)),
    "the end of a batch by the windowing function": (
        "windowing",
        "put_events",
        entries(event("windowing", "BatchCompleted")),
    ),
    "any event by the prefetch function": ("prefetch", "put_events", entries(CREATED)),
    "any event by the intake": ("intake", "put_events", entries(CREATED)),
    "a creator's memory by the collage function": (
        "collage",
        "update_item",
        update(STATE, "SET seen = :none"),
    ),
    "a creator's images by the collage function": (
        "collage",
        "update_item",
        update(STATE, "SET #b = :b", b="body"),
    ),
    "a part of an attribute": ("collage", "update_item", update(STATE, "SET body.x = :b")),
    "a window's detail": ("collage", "update_item", update(WINDOW, "REMOVE detail")),
    "an attribute that only a condition names": (
        "collage",
        "update_item",
        update(WINDOW, "SET error = :e") | {"ConditionExpression": "version = :v"},
    ),
    "the erasure of a creator": ("collage", "update_item", update(STATE, "REMOVE erased_at")),
    "a batch by the collage function": (
        "collage",
        "update_item",
        update(BATCH, "SET #s = :s", s="status"),
    ),
    "the watermark of a push": (
        "collage",
        "update_item",
        update(LAST_PUSH, "SET #s = :s", s="status"),
    ),
    "a state by a put of the collage function": ("collage", "put_item", put(STATE)),
    "a window by the prefetch function": (
        "prefetch",
        "update_item",
        update(WINDOW, "SET #s = :s", s="status"),
    ),
    "a batch by the prefetch function": ("prefetch", "put_item", put(BATCH)),
    "a state by the intake": ("intake", "put_item", put(STATE)),
    "a window by the intake": ("intake", "update_item", update(WINDOW, "SET #s = :s", s="status")),
    "a pack by the windowing function": ("windowing", "put_item", put(PACK)),
    "a batch by a put of the windowing function": ("windowing", "put_item", put(BATCH)),
    "the status of a batch by the windowing function": (
        "windowing",
        "update_item",
        update(BATCH, "SET #s = :s", s="status"),
    ),
    "the result of a window by the windowing function": (
        "windowing",
        "update_item",
        update(WINDOW, "SET collage_key = :k"),
    ),
    "the settings of a batch by the sweeper": (
        "sweeper",
        "update_item",
        update(BATCH, "SET settings = :s"),
    ),
    "the owner of a batch by the sweeper": (
        "sweeper",
        "update_item",
        update(BATCH, "SET registered_by = :s"),
    ),
    "the creators of an image by the sweeper": (
        "sweeper",
        "update_item",
        update(CONTENT, "ADD creators :c"),
    ),
}


FORGED |= {
    f"the end of {what} by the {role} function": (
        role,
        "delete_item",
        {"TableName": "table", "Key": key(place)},
    )
    for role in ("windowing", "sweeper", "collage", "prefetch", "intake")
    for what, place in (("a state", STATE), ("a window", WINDOW), ("a batch", BATCH))
}


@pytest.mark.parametrize("what", FORGED)
def test_no_function_can_forge(what: str) -> None:
    role, operation, request = FORGED[what]
    service = "events" if operation == "put_events" else "dynamodb"
    with pytest.raises(DeniedError, match=f"{role} may not "):
        check(role, service, operation, request)


def test_a_write_is_denied_in_a_transaction_as_it_is_alone() -> None:
    forged = {"Update": update(STATE, "SET version = :v")}
    allowed = {"Update": update(WINDOW, "SET #s = :s", s="status")}
    check("collage", "dynamodb", "transact_write_items", {"TransactItems": [allowed]})
    with pytest.raises(DeniedError, match="UpdateItem"):
        check("collage", "dynamodb", "transact_write_items", {"TransactItems": [allowed, forged]})


@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_write_to_the_table_without_a_condition(role: str) -> None:
    writes = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
    found = [each for each in statements(role) if writes & {*each["Action"]}]
    assert found
    for statement in found:
        (leading_keys,) = (
            keys["dynamodb:LeadingKeys"]
            for keys in statement["Condition"].values()
            if "dynamodb:LeadingKeys" in keys
        )
        assert leading_keys
        updates = "dynamodb:UpdateItem" in statement["Action"]
        named = statement["Condition"].get("ForAllValues:StringEquals", {})
        assert ("dynamodb:Attributes" in named) is updates


def test_requests_name_what_is_in_their_expressions() -> None:
    request = update(WINDOW, "SET #s = :s, a.b = if_not_exists(c, :d) ADD e[0] :e", s="status")
    request["ConditionExpression"] = "attribute_not_exists(f) OR (g IN (:a, :b) AND NOT h = :h)"
    (needed,) = authorizations("dynamodb", "update_item", request)
    assert needed.action == "dynamodb:UpdateItem"
    assert needed.context["dynamodb:LeadingKeys"] == ("ann",)
    expected = {"creator_name", "item", "status", "a", "c", "e", "f", "g", "h"}
    assert {*needed.context["dynamodb:Attributes"]} == expected


@pytest.mark.parametrize(
    ("operator", "actual", "holds"),
    [
        ("ForAllValues:StringEquals", ("a*",), True),
        ("ForAllValues:StringEquals", ("a*", "ab"), False),
        ("ForAllValues:StringEquals", None, True),
        ("ForAllValues:StringLike", ("ab", "a"), True),
        ("ForAllValues:StringLike", ("ab", "ba"), False),
        ("ForAllValues:StringLike", None, True),
        ("ForAllValues:StringNotLike", ("ba", "b"), True),
        ("ForAllValues:StringNotLike", ("ba", "ab"), False),
        ("ForAllValues:StringNotLike", None, True),
        ("StringLikeIfExists", ("ab",), True),
        ("StringLikeIfExists", ("ba",), False),
        ("StringLikeIfExists", None, True),
    ],
)
def test_conditions_hold_as_on_aws(
    operator: str,
    actual: tuple[str, ...] | None,
    holds: bool,  # noqa: FBT001 - a column of the table
) -> None:
    context = {} if actual is None else {"key": actual}
    assert hold({operator: {"key": ["a*"]}}, context) is holds
