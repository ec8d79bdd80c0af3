"""Conversion between Python values and DynamoDB's typed items. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Item = dict[str, Any]

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def to_wire(item: Mapping[str, object]) -> Item:
    """Return an item in DynamoDB's typed form, without attributes that are None."""
    return {name: _serialize(value) for name, value in item.items() if value is not None}


def from_wire(item: Mapping[str, Any]) -> Item:
    """Return an item's values: numbers are `Decimal`, bytes are `Binary`."""
    return {name: _deserialize(value) for name, value in item.items()}
