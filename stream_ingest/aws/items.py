"""Conversion between Python values and DynamoDB's typed items. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
from boto3.dynamodb.types import DYNAMODB_CONTEXT, TypeDeserializer, TypeSerializer

from stream_ingest.contracts import table
from stream_ingest.contracts.errors import DecodeError, UnreadableItemError
from stream_ingest.contracts.formats import check_format

Item = dict[str, Any]

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize
_decimal = DYNAMODB_CONTEXT.create_decimal
_MAX_NUMBER = 10**38
"""Whole numbers below it have no more digits than DynamoDB's."""


def to_wire(item: Mapping[str, object]) -> Item:
    """Return an item in DynamoDB's typed form, without attributes that are None."""
    return {name: _typed(value) for name, value in item.items() if value is not None}


def from_wire(item: Mapping[str, Any]) -> Item:
    """Return an item's values: numbers are `Decimal`, bytes are `Binary`."""
    return {name: _value(typed) for name, typed in item.items()}


def _typed(value: Any) -> Any:  # noqa: ANN401 - any value
    """Return what boto3 returns, which tries type after type: the frequent ones directly."""
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is int and -_MAX_NUMBER < value < _MAX_NUMBER:
        return {"N": str(value)}
    if kind is dict:
        return {"M": {name: _typed(each) for name, each in value.items()}}
    if kind is list:
        return {"L": [_typed(each) for each in value]}
    return _serialize(value)


def _value(typed: Any) -> Any:  # noqa: ANN401 - any value
    """Return what boto3 returns, the frequent types directly."""
    for kind, content in typed.items():
        if kind == "S":
            return content
        if kind == "N":
            return _decimal(content)
        if kind == "M":
            return {name: _value(each) for name, each in content.items()}
        if kind == "L":
            return [_value(each) for each in content]
        break
    return _deserialize(typed)


@contextmanager
def decoding(item: Mapping[str, Any]) -> Iterator[None]:
    """Convert errors of the block, which reads `item`, to `UnreadableItemError`.

    Such errors are an attribute that is missing, of another type or out of its range, and bytes
    that cannot be decoded. An item in a newer format (`contracts.formats`) is refused before the
    block. The block must do nothing but read.
    """
    try:
        check_format(item)
        yield
    except UnreadableItemError:
        raise
    except DecodeError as error:
        raise _unreadable(item, str(error)) from error
    except KeyError as error:
        raise _unreadable(item, f"no {error}") from error
    except (
        ArithmeticError,
        AttributeError,
        IndexError,
        TypeError,
        ValueError,
        msgspec.MsgspecError,
    ) as error:
        raise _unreadable(item, f"{type(error).__name__}: {error}") from error


def _unreadable(item: Mapping[str, Any], reason: str) -> UnreadableItemError:
    return UnreadableItemError(item[table.PARTITION_KEY], item[table.SORT_KEY], reason)


def whole(value: object, at_least: int = 0, at_most: int = 1 << 53) -> int:
    """Return a number of an item; raises `ValueError` unless it is whole and within its range."""
    number = int(value)  # type: ignore[call-overload]  # raises TypeError for what is no number
    if isinstance(value, str) or number != value or not at_least <= number <= at_most:
        msg = f"{value!r} is not a whole number from {at_least} to {at_most}"
        raise ValueError(msg)
    return int(number)
