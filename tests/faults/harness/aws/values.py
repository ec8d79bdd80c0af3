"""DynamoDB's typed values: compared, added and weighed as DynamoDB does. Pure.

A value is ``{"S": "text"}`` as on the wire; an item is a dict of them. Neither is ever changed in
place, so a store and its callers may share them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from tests.faults.harness.aws.errors import NotModelledError

Value = dict[str, Any]
Item = dict[str, Value]

MAX_ITEM_BYTES = 400 * 1024
_SETS = {"NS": "N", "SS": "S", "BS": "B"}
_ORDERED = frozenset({"S", "N", "B"})
_NUMBER_BYTES = 21
"""The most that a number can take; what DynamoDB says of it is "approximately"."""

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def kind_of(value: Value) -> str:
    """Return a value's type: S, N, B, BOOL, NULL, M, L or a set's."""
    (kind,) = value
    return kind


def plain(value: Value) -> Any:  # noqa: ANN401 - whatever the type stands for
    """Return what can be compared in Python: numbers as Decimals, sets as frozensets."""
    ((kind, content),) = value.items()
    if kind == "N":
        return Decimal(content)
    if kind in _SETS:
        return frozenset(map(Decimal, content) if kind == "NS" else content)
    if kind == "M":
        return {name: (kind_of(each), plain(each)) for name, each in content.items()}
    if kind == "L":
        return [(kind_of(each), plain(each)) for each in content]
    if kind in {"S", "B", "BOOL", "NULL"}:
        return content
    msg = f"value of type {kind}"
    raise NotModelledError(msg)


def compare(left: Value | None, sign: str, right: Value | None) -> bool:
    """Return ``left sign right``; with an attribute that is not there only ``<>`` holds."""
    if left is None or right is None:
        return sign == "<>"
    if kind_of(left) != kind_of(right):
        return sign == "<>"
    if sign not in {"=", "<>"} and kind_of(left) not in _ORDERED:
        return False
    return _COMPARE[sign](plain(left), plain(right))


def add(old: Value | None, increment: Value) -> Value | None:
    """Return what ADD makes of an attribute; None if its type does not allow it."""
    kind = kind_of(increment)
    if kind == "N":
        before = Value(N="0") if old is None else old
        if kind_of(before) != "N":
            return None
        return {"N": str(plain(before) + plain(increment))}
    if kind in _SETS:
        if old is None:
            return increment
        if kind_of(old) != kind:
            return None
        return {kind: list(dict.fromkeys([*old[kind], *increment[kind]]))}
    return None


def without(old: Value, taken: Value) -> Value | None:
    """Return what DELETE leaves of a set; None if its type does not allow it."""
    kind = kind_of(taken)
    if kind not in _SETS or kind_of(old) != kind:
        return None
    left = plain(old) - plain(taken)
    return {kind: [each for each in old[kind] if plain({kind: [each]}) <= left]}


def item_bytes(item: Mapping[str, Value]) -> int:
    """Return an item's size, attribute names included, as DynamoDB's documentation counts it."""
    return sum(len(name.encode()) + _bytes(value) for name, value in item.items())


def _bytes(value: Value) -> int:
    ((kind, content),) = value.items()
    weigh = _WEIGHTS.get(kind)
    return 1 if weigh is None else weigh(content)


def _members(kind: str) -> Callable[[Any], int]:
    return lambda content: sum(_bytes({kind: each}) for each in content)


_WEIGHTS: dict[str, Callable[[Any], int]] = {
    "S": lambda content: len(content.encode()),
    "B": len,
    "N": lambda content: min(len(content) // 2 + 2, _NUMBER_BYTES),
    "M": lambda content: 3 + len(content) + item_bytes(content),
    "L": lambda content: 3 + sum(1 + _bytes(each) for each in content),
    **{kind: _members(member) for kind, member in _SETS.items()},
}
