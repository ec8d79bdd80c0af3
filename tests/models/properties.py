"""What pulumi-aws's own types say against a resource's properties. Pure.

Python checks the arguments of a resource only. What is nested in them may be a plain dict, and a
misspelt key of it reaches AWS's provider, or is dropped.
"""

from __future__ import annotations

import inspect
import types
import warnings
from collections.abc import Awaitable, Iterator, Mapping, Sequence
from enum import Enum
from importlib import import_module
from typing import Any, Union, get_args, get_origin

import pulumi
from pulumi import _types

Value = Any
Kind = Any
_SCALARS: Mapping[type, tuple[type, ...]] = {
    str: (str,),
    bool: (bool,),
    int: (int, float),  # a message of Pulumi's protocol has floats only
    float: (int, float),
}


def property_problems(token: str, inputs: Mapping[str, Value]) -> Iterator[str]:
    """Yield what is wrong with the inputs of a resource, by its token and Pulumi's names."""
    yield from _object_problems(args_class(token), inputs, "")


def args_class(token: str) -> type:
    """Return the class of a resource's arguments: ``aws:sqs/queue:Queue`` → ``sqs.QueueArgs``."""
    _, module, kind = token.split(":")
    name = module.partition("/")[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of pulumi-aws about its own classes
        package = import_module(f"pulumi_aws.{name + '_' if name == 'lambda' else name}")
        # `InitArgs` where the other name is that of a nested type of another resource.
        found: type = getattr(package, f"{kind}InitArgs", None) or getattr(package, f"{kind}Args")
    return found


def _object_problems(args: type, value: Mapping[str, Value], path: str) -> Iterator[str]:
    kinds = _types.input_type_types(args)
    names = _types.input_type_py_to_pulumi_names(args)
    parameters = inspect.signature(args.__init__).parameters
    for name, pulumi_name in names.items():
        if parameters[name].default is inspect.Parameter.empty and value.get(pulumi_name) is None:
            yield f"{path}.{pulumi_name}: missing"
    for name, inner in value.items():
        if name not in kinds:
            yield f"{path}.{name}: unknown"
        elif inner is not None:
            yield from _problems(kinds[name], inner, f"{path}.{name}")


def _problems(kind: Kind, value: Value, path: str) -> Iterator[str]:
    """Yield what is wrong with a value of a type; of a union, if it is of no member."""
    found = [list(_member_problems(member, value, path)) for member in _members(kind)]
    if [] not in found:
        yield from min(found, key=len, default=[f"{path}: of an unknown type"])


def _members(kind: Kind) -> list[Kind]:
    """Return the types that a value may have; outputs and awaitables are resolved by now."""
    if get_origin(kind) not in (Union, types.UnionType):
        return [kind]
    return [
        inner
        for member in get_args(kind)
        if get_origin(member) not in (Awaitable, pulumi.Output, *_AWAITABLE)
        for inner in _members(member)
        if inner is not type(None)
    ]


_AWAITABLE = (get_origin(Awaitable[str]),)


def _member_problems(kind: Kind, value: Value, path: str) -> Iterator[str]:
    origin = get_origin(kind)
    if kind is Any:
        return
    if isinstance(kind, type) and _types.is_input_type(kind):
        if isinstance(value, Mapping):
            yield from _object_problems(kind, value, path)
        else:
            yield f"{path}: no block"
    elif origin is not None and issubclass(origin, Mapping):
        yield from _mapping_problems(get_args(kind)[1], value, path)
    elif origin is not None and issubclass(origin, Sequence):
        yield from _list_problems(get_args(kind)[0], value, path)
    elif not _is_scalar(kind, value):
        yield f"{path}: {value!r} is no {kind.__name__}"


def _is_scalar(kind: type, value: Value) -> bool:
    if issubclass(kind, Enum):
        return value in {member.value for member in kind}
    if kind in _SCALARS:
        return isinstance(value, _SCALARS[kind]) and isinstance(value, bool) == (kind is bool)
    return isinstance(value, kind)


def _mapping_problems(kind: Kind, value: Value, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path}: no mapping"
        return
    for key, inner in value.items():
        yield from _problems(kind, inner, f"{path}[{key!r}]")


def _list_problems(kind: Kind, value: Value, path: str) -> Iterator[str]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        yield f"{path}: no list"
        return
    for index, inner in enumerate(value):
        yield from _problems(kind, inner, f"{path}[{index}]")
