from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from stream_ingest.aws.items import from_wire, to_wire


def test_an_item_survives_conversion_both_ways() -> None:
    item = {"s": "text", "n": 7, "b": b"\x00\xff", "m": {"k": 1}, "set": {1, 2}, "empty": ""}
    read = from_wire(to_wire(item))
    assert bytes(read.pop("b")) == item.pop("b")
    assert read == item
    assert isinstance(read["n"], Decimal)


def test_attributes_that_are_none_are_left_out() -> None:
    """A sparse index holds only items that have its key."""
    assert to_wire({"a": 1, "due_at": None}) == {"a": {"N": "1"}}


_NUMBERS = st.integers(1 - 10**38, 10**38 - 1) | st.decimals(
    places=3, min_value=-(10**9), max_value=10**9
)
_LEAVES = (
    st.none()
    | st.booleans()
    | _NUMBERS
    | st.text()
    | st.binary()
    | st.sets(_NUMBERS, min_size=1)
    | st.sets(st.text(), min_size=1)
    | st.sets(st.binary(), min_size=1)
)
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(st.dictionaries(st.text(), _VALUES))
def test_conversions_are_those_of_boto3(item: dict[str, Any]) -> None:
    present = {name: value for name, value in item.items() if value is not None}
    wire = to_wire(item)
    assert wire == {name: TypeSerializer().serialize(value) for name, value in present.items()}
    read = from_wire(wire)
    assert read == {name: TypeDeserializer().deserialize(value) for name, value in wire.items()}
    assert list(map(repr, read.values())) == [
        repr(TypeDeserializer().deserialize(value)) for value in wire.values()
    ]


@pytest.mark.parametrize("value", [10**38 - 1, 1 - 10**38, 10**20, 0, True])
def test_numbers_are_written_as_by_boto3(value: int) -> None:
    assert to_wire({"n": value})["n"] == TypeSerializer().serialize(value)


@pytest.mark.parametrize("value", [10**38, -(10**38), 1.5, Decimal("Infinity"), object()])
def test_what_boto3_refuses_to_write_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ArithmeticError)) as theirs:
        TypeSerializer().serialize(value)
    with pytest.raises(type(theirs.value)):
        to_wire({"n": value})


@pytest.mark.parametrize("typed", [{}, {"X": 1}, {"N": "1" * 39}])
def test_what_boto3_refuses_to_read_is_refused(typed: dict[str, object]) -> None:
    with pytest.raises((TypeError, ArithmeticError)) as theirs:
        TypeDeserializer().deserialize(typed)
    with pytest.raises(type(theirs.value)):
        from_wire({"n": typed})
