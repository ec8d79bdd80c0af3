"""Parses DynamoDB's items in a fourth of botocore's time. Edge (botocore).

botocore looks up a shape and a method for each value of each attribute, which is most of the CPU
time of a query over a thousand items. The values of an item have one of ten types, of which only
binary ones change when they are parsed.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.parsers import JSONParser, ResponseParserFactory

if TYPE_CHECKING:
    from botocore.model import MapShape
    from botocore.parsers import ResponseParser

_PLAIN = frozenset(("S", "N", "BOOL", "NULL", "SS", "NS"))
_VALUE = "AttributeValue"
"""Name of the shape of an attribute's value."""


class ItemParserFactory(ResponseParserFactory):
    """Creates botocore's parsers, and `ItemParser` for the JSON protocol."""

    def create_parser(self, protocol_name: str) -> ResponseParser:
        """Return a parser of a protocol."""
        return ItemParser() if protocol_name == "json" else super().create_parser(protocol_name)


class ItemParser(JSONParser):
    """botocore's parser of the JSON protocol, which reads DynamoDB's items by itself."""

    def _handle_map(self, shape: MapShape, value: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as botocore's
        if shape.value.name == _VALUE and shape.value.type_name == "structure":
            return {name: _parsed(each) for name, each in value.items()}
        return super()._handle_map(shape, value)  # type: ignore[misc]  # its stubs have public names only


def _parsed(value: dict[str, Any]) -> dict[str, Any]:
    """Return an attribute's value with bytes in place of base64; its type stays its only key."""
    ((kind, content),) = value.items()
    if kind in _PLAIN:
        return value
    if kind == "B":
        return {kind: base64.b64decode(content)}
    if kind == "BS":
        return {kind: list(map(base64.b64decode, content))}
    if kind == "M":
        return {kind: {name: _parsed(each) for name, each in content.items()}}
    return {kind: list(map(_parsed, content))}
