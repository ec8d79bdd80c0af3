"""What a service's own model says against a request. Pure.

botocore checks a request's members, types and minima before it sends it, but neither pattern nor
maximum nor enum, although its models have them; AWS refuses such a request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol, runtime_checkable

from botocore.model import ListShape, MapShape, Shape, StructureShape

Value = Any
Problems = Iterator[str]


@runtime_checkable
class Readable(Protocol):
    """A file, or anything else that botocore streams."""

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes."""


def request_problems(shape: Shape, value: Value, path: str = "") -> Problems:
    """Yield what is wrong with a value of a shape: ``Targets[0].Id: longer than 64``."""
    check, kinds = _CHECKS[shape.type_name]
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        yield f"{path}: {type(value).__name__} is no {shape.type_name}"
        return
    for problem in check(shape, value):
        separator = "" if problem.startswith((".", "[", ":")) else ": "
        yield f"{path}{separator}{problem}"


def _structure(shape: StructureShape, value: Mapping[str, Value]) -> Problems:
    for name in shape.required_members:
        if name not in value:
            yield f".{name}: missing"
    if shape.is_tagged_union and len(value) != 1:
        yield f": not exactly one of {', '.join(shape.members)}"
    for name, inner in value.items():
        member = shape.members.get(name)
        if member is None:
            yield f".{name}: unknown"
        else:
            yield from request_problems(member, inner, f".{name}")


def _list(shape: ListShape, value: Sequence[Value]) -> Problems:
    yield from _size(shape, len(value))
    for index, inner in enumerate(value):
        yield from request_problems(shape.member, inner, f"[{index}]")


def _map(shape: MapShape, value: Mapping[str, Value]) -> Problems:
    yield from _size(shape, len(value))
    for key, inner in value.items():
        yield from request_problems(shape.key, key, f"[{key!r}]")
        yield from request_problems(shape.value, inner, f"[{key!r}]")


def _string(shape: Shape, value: str) -> Problems:
    yield from _size(shape, len(value))
    allowed, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
    if allowed and value not in allowed:
        yield f"{value!r} is none of {', '.join(sorted(allowed))}"
    if pattern:
        yield from _pattern(pattern, value)


def _pattern(pattern: str, value: str) -> Problems:
    """Yield a problem also for a pattern that Python cannot read: it was not checked."""
    try:
        matches = re.fullmatch(pattern, value)
    except re.error as error:
        yield f"unchecked, because {pattern} is no pattern in Python: {error}"
    else:
        if not matches:
            yield f"{value!r} does not match {pattern}"


def _number(shape: Shape, value: float) -> Problems:
    low, high = _bounds(shape)
    if value < low:
        yield f"{value} is below {low}"
    if value > high:
        yield f"{value} is above {high}"


def _size(shape: Shape, size: int) -> Problems:
    low, high = _bounds(shape)
    if size < low:
        yield f"shorter than {low:.0f}"
    if size > high:
        yield f"longer than {high:.0f}"


def _bounds(shape: Shape) -> tuple[float, float]:
    metadata = shape.metadata
    return float(metadata.get("min", "-inf")), float(metadata.get("max", "inf"))


def _blob(shape: Shape, value: bytes | str | Readable) -> Problems:
    """Yield problems with bytes; those of a file are not read."""
    if isinstance(value, bytes | bytearray | str):
        yield from _size(shape, len(value))


def _any(_: Shape, __: Value) -> Problems:
    return iter(())


_CHECKS: Mapping[str, tuple[Callable[[Any, Any], Problems], tuple[type, ...]]] = {
    "structure": (_structure, (dict,)),
    "list": (_list, (list, tuple)),
    "map": (_map, (dict,)),
    "string": (_string, (str,)),
    "character": (_string, (str,)),
    "integer": (_number, (int,)),
    "long": (_number, (int,)),
    "float": (_number, (int, float, Decimal)),
    "double": (_number, (int, float, Decimal)),
    "boolean": (_any, (bool,)),
    "blob": (_blob, (bytes, bytearray, str, Readable)),
    "timestamp": (_any, (datetime, int, float, str)),
}
