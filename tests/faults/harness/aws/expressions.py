"""Condition and update expressions, read once and then run on items. Pure.

What the pipeline uses is understood: SET, ADD, DELETE and REMOVE; ``=``, ``<>``, ``<``, ``<=``,
``>``, ``>=``, IN, AND, OR, NOT, brackets, attribute_exists, attribute_not_exists, begins_with (of
texts) and if_not_exists.
Anything else is a `NotModelledError` (the fake does not know it) or a refusal (nor does AWS).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tests.faults.harness.aws.errors import NotModelledError
from tests.faults.harness.aws.tokens import SyntaxRefusedError, Tokens
from tests.faults.harness.aws.values import Item, Value, add, compare, plain, without

_SIGNS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_MODELLED_LATER = frozenset({"contains", "size", "attribute_type", "list_append", "BETWEEN"})


@dataclass(frozen=True, slots=True)
class Bindings:
    """What placeholders stand for."""

    names: Mapping[str, str]
    values: Mapping[str, Value]

    def name(self, token: str) -> str:
        """Return an attribute's name."""
        return self.names[token] if token.startswith("#") else token


Condition = Callable[[Item, Bindings], bool]
Operand = Callable[[Item, Bindings], "Value | None"]
Action = Callable[[Item, Item, Bindings], None]
"""Changes the second item after what the first, the old one, holds."""


@dataclass(frozen=True, slots=True)
class Read:
    """A condition that was read, and the placeholders in it."""

    holds: Condition
    placeholders: frozenset[str]


@dataclass(frozen=True, slots=True)
class KeyCondition:
    """A query's condition: which attribute equals which value, and what else has to hold."""

    name: str
    value: str
    rest: Condition
    placeholders: frozenset[str]


@dataclass(frozen=True, slots=True)
class Update:
    """An update that was read, the placeholders in it and the attributes that it touches."""

    actions: tuple[Action, ...]
    placeholders: frozenset[str]
    touched: tuple[str, ...]


@lru_cache(maxsize=512)
def read_condition(text: str) -> Read:
    """Return a condition; `SyntaxRefusedError` if AWS would refuse it."""
    tokens = Tokens(text)
    holds = _either(tokens)
    tokens.end()
    return Read(holds, frozenset(tokens.placeholders))


@lru_cache(maxsize=64)
def read_key_condition(text: str) -> KeyCondition:
    """Return a query's condition: ``hash = :value``, or that AND one comparison of the range."""
    tokens = Tokens(text)
    name = tokens.name()
    tokens.expect("=")
    value = tokens.value()
    rest: Condition = lambda _item, _bound: True  # noqa: E731 - nothing else has to hold
    if tokens.took("AND"):
        rest = _beginning(tokens) if tokens.took("begins_with") else _comparison(tokens)
    tokens.end()
    return KeyCondition(name, value, rest, frozenset(tokens.placeholders))


def _either(tokens: Tokens) -> Condition:
    parts = [_both(tokens)]
    while tokens.took("OR"):
        parts.append(_both(tokens))
    return lambda item, bound: any(part(item, bound) for part in parts)


def _both(tokens: Tokens) -> Condition:
    parts = [_negated(tokens)]
    while tokens.took("AND"):
        parts.append(_negated(tokens))
    return lambda item, bound: all(part(item, bound) for part in parts)


def _negated(tokens: Tokens) -> Condition:
    if tokens.took("NOT"):
        inner = _negated(tokens)
        return lambda item, bound: not inner(item, bound)
    if tokens.took("("):
        inner = _either(tokens)
        tokens.expect(")")
        return inner
    if tokens.took("attribute_exists"):
        name = _argument(tokens)
        return lambda item, bound: bound.name(name) in item
    if tokens.took("attribute_not_exists"):
        name = _argument(tokens)
        return lambda item, bound: bound.name(name) not in item
    if tokens.took("begins_with"):
        return _beginning(tokens)
    return _comparison(tokens)


def _beginning(tokens: Tokens) -> Condition:
    """Read the arguments of ``begins_with``; only texts are modelled."""
    tokens.expect("(")
    whole = _operand(tokens)
    tokens.expect(",")
    beginning = _operand(tokens)
    tokens.expect(")")

    def holds(item: Item, bound: Bindings) -> bool:
        text = whole(item, bound)
        return text is not None and str(text["S"]).startswith(beginning(item, bound)["S"])

    return holds


def _argument(tokens: Tokens) -> str:
    tokens.expect("(")
    name = tokens.name()
    tokens.expect(")")
    return name


def _comparison(tokens: Tokens) -> Condition:
    left = _operand(tokens)
    if tokens.took("IN"):
        tokens.expect("(")
        choices = [_operand(tokens)]
        while tokens.took(","):
            choices.append(_operand(tokens))
        tokens.expect(")")
        return lambda item, bound: any(
            compare(left(item, bound), "=", choice(item, bound)) for choice in choices
        )
    sign = tokens.take()
    if sign not in _SIGNS:
        _unknown(sign)
        msg = f"Syntax error; expected a comparison, found {sign!r}"
        raise SyntaxRefusedError(msg)
    right = _operand(tokens)
    return lambda item, bound: compare(left(item, bound), sign, right(item, bound))


def _operand(tokens: Tokens) -> Operand:
    _unknown(tokens.peek())
    if tokens.peek().startswith(":"):
        value = tokens.value()
        return lambda _item, bound: bound.values[value]
    name = tokens.name()
    return lambda item, bound: item.get(bound.name(name))


def _unknown(token: str) -> None:
    if token in _MODELLED_LATER:
        msg = f"expression: {token}"
        raise NotModelledError(msg)


@lru_cache(maxsize=512)
def read_update(text: str) -> Update:
    """Return an update; `SyntaxRefusedError` if AWS would refuse it."""
    tokens = Tokens(text)
    actions: list[Action] = []
    touched: list[str] = []
    clauses = {"SET": _set, "ADD": _add, "DELETE": _delete, "REMOVE": _remove}
    while tokens.peek():
        _unknown(tokens.peek())
        clause = clauses.pop(tokens.take(), None)
        if clause is None:
            msg = "Syntax error; expected SET, ADD, DELETE or REMOVE, each of them once"
            raise SyntaxRefusedError(msg)
        while True:
            name = tokens.name()
            touched.append(name)
            actions.append(clause(tokens, name))
            if not tokens.took(","):
                break
    return Update(tuple(actions), frozenset(tokens.placeholders), tuple(touched))


def _set(tokens: Tokens, name: str) -> Action:
    tokens.expect("=")
    if tokens.took("if_not_exists"):
        tokens.expect("(")
        stored = tokens.name()
        tokens.expect(",")
        value = _operand(tokens)
        tokens.expect(")")
        return _assign(name, lambda item, bound: item.get(bound.name(stored)) or value(item, bound))
    return _assign(name, _operand(tokens))


def _assign(name: str, value: Operand) -> Action:
    def act(old: Item, new: Item, bound: Bindings) -> None:
        content = value(old, bound)
        if content is None:
            msg = "The provided expression refers to an attribute that does not exist in the item"
            raise SyntaxRefusedError(msg)
        new[bound.name(name)] = content

    return act


def _add(tokens: Tokens, name: str) -> Action:
    value = tokens.value()

    def act(old: Item, new: Item, bound: Bindings) -> None:
        total = add(old.get(bound.name(name)), bound.values[value])
        if total is None:
            msg = "An operand in the update expression has an incorrect data type"
            raise SyntaxRefusedError(msg)
        new[bound.name(name)] = total

    return act


def _delete(tokens: Tokens, name: str) -> Action:
    value = tokens.value()

    def act(old: Item, new: Item, bound: Bindings) -> None:
        before = old.get(bound.name(name))
        if before is None:
            return
        left = without(before, bound.values[value])
        if left is None:
            msg = "An operand in the update expression has an incorrect data type"
            raise SyntaxRefusedError(msg)
        new[bound.name(name)] = left
        if not plain(left):
            del new[bound.name(name)]  # DynamoDB has no empty sets

    return act


def _remove(_tokens: Tokens, name: str) -> Action:
    def act(_old: Item, new: Item, bound: Bindings) -> None:
        new.pop(bound.name(name), None)

    return act
