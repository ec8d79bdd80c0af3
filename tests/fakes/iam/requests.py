"""What AWS authorizes of a request: actions on resources, with their condition keys.

Sources: Service Authorization Reference; DynamoDB Developer Guide, "Using IAM policy conditions for
fine-grained access control" (`dynamodb:Attributes` are the top-level attributes that a request
names) and "Using IAM with DynamoDB transactions" (each write needs the right of its own action).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from stream_ingest.contracts import table
from tests.fakes.iam.conditions import Context

_SINGLE = {
    "GetItem": "Key",
    "PutItem": "Item",
    "UpdateItem": "Key",
    "DeleteItem": "Key",
    "ConditionCheckItem": "Key",
}
_IN_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_EXPRESSIONS = ("UpdateExpression", "ConditionExpression", "ProjectionExpression")
_WORDS = frozenset(
    {
        *("SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "IN", "BETWEEN"),
        *("attribute_exists", "attribute_not_exists", "attribute_type", "begins_with"),
        *("contains", "size", "if_not_exists", "list_append"),
    }
)
_NAME = re.compile(r"(?<![\w.:#])#?[A-Za-z_]\w*")
"""A name at the beginning of a path; not a value (``:x``), nor a deeper part of a path."""
_VALUE = re.compile(r":\w+")
_S3 = {
    "put_object": "PutObject",
    "get_object": "GetObject",
    "head_object": "GetObject",
    "delete_object": "DeleteObject",
}


class Authorization(msgspec.Struct, frozen=True):
    """One thing that a request needs: an action on a resource."""

    action: str
    resource: str
    keys: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Condition keys and their values."""

    @property
    def context(self) -> Context:
        """The condition keys by name."""
        return dict(self.keys)


def authorizations(
    service: str, operation: str, request: Mapping[str, Any]
) -> Iterator[Authorization]:
    """Yield what a request of a boto3 client needs; ARNs are the names of the resources."""
    if service == "dynamodb":
        yield from _dynamodb(operation, request)
    elif service == "s3":
        yield from _s3(operation, request)
    elif (service, operation) == ("sqs", "send_message"):
        yield Authorization("sqs:SendMessage", request["QueueUrl"].rpartition("/")[2])
    elif service == "events":
        entries = request["Entries"]
        sources = ("events:source", tuple(str(entry["Source"]) for entry in entries))
        types = ("events:detail-type", tuple(entry["DetailType"] for entry in entries))
        yield Authorization("events:PutEvents", "bus", (sources, types))
    else:
        msg = f"no model of {service}:{operation}"
        raise NotImplementedError(msg)


def _dynamodb(operation: str, request: Mapping[str, Any]) -> Iterator[Authorization]:
    name = "".join(part.title() for part in operation.split("_"))
    if name == "TransactWriteItems":
        for action in request["TransactItems"]:
            ((kind, part),) = action.items()
            yield _item(_IN_TRANSACTION[kind], part)
    elif name == "BatchGetItem":
        for wanted in request["RequestItems"].values():
            yield _on_items("BatchGetItem", wanted["Keys"], wanted)
    elif name == "DescribeTable":
        yield Authorization("dynamodb:DescribeTable", "table")
    elif name == "Query":
        yield _query(request)
    else:
        yield _item(name, request)


def _query(request: Mapping[str, Any]) -> Authorization:
    """Return what a query needs: its hash key is the first value that its condition names."""
    index = request.get("IndexName")
    values = request["ExpressionAttributeValues"]
    key = next(values[name]["S"] for name in _VALUE.findall(request["KeyConditionExpression"]))
    resource = "table" if index is None else f"table/index/{index}"
    return Authorization("dynamodb:Query", resource, (("dynamodb:LeadingKeys", (key,)),))


def _item(name: str, request: Mapping[str, Any]) -> Authorization:
    return _on_items(name, [request[_SINGLE[name]]], request)


def _on_items(
    name: str, items: Sequence[Mapping[str, Any]], request: Mapping[str, Any]
) -> Authorization:
    """Return what an action on some items, or keys of items, needs."""
    attributes = {attribute for item in items for attribute in item}
    keys = (
        ("dynamodb:LeadingKeys", tuple(map(_partition, items))),
        ("dynamodb:Attributes", tuple(sorted(attributes.union(_named(request))))),
    )
    return Authorization(f"dynamodb:{name}", "table", keys)


def _partition(item: Mapping[str, Any]) -> str:
    key: str = item[table.PARTITION_KEY]["S"]
    return key


def _named(request: Mapping[str, Any]) -> Iterator[str]:
    """Yield the attributes in a request's expressions."""
    names = request.get("ExpressionAttributeNames", {})
    for expression in _EXPRESSIONS:
        for found in _names_in(request.get(expression) or ""):
            yield names.get(found, found)


@lru_cache(maxsize=512)
def _names_in(expression: str) -> tuple[str, ...]:
    return tuple(found for found in _NAME.findall(expression) if found not in _WORDS)


def _s3(operation: str, request: Mapping[str, Any]) -> Iterator[Authorization]:
    if operation == "list_object_versions":
        keys = (("s3:prefix", (request["Prefix"],)),)
        yield Authorization("s3:ListBucketVersions", request["Bucket"], keys)
        return
    where = f"{request['Bucket']}/{request['Key']}"
    yield Authorization(f"s3:{_S3[operation]}", where)
    if request.get("IfMatch") is not None:
        yield Authorization("s3:GetObject", where)
