from __future__ import annotations

from decimal import Decimal

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
