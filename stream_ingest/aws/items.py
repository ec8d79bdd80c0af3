"""DynamoDB items between Python's values and the wire's typed form. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Item = dict[str, Any]

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def to_wire(item: Mapping[str, object]) -> Item:
    """Return an item in DynamoDB's typed form; attributes that are None are left out."""
    return {name: _serialize(value) for name, value in item.items() if value is not None}


def from_wire(item: Mapping[str, Any]) -> Item:
    """Return an item's plain values (numbers are Decimals, bytes are `Binary`)."""
    return {name: _deserialize(value) for name, value in item.items()}
