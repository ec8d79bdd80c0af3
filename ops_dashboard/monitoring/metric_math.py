"""The part of CloudWatch's metric math that our charts and alarms use. Pure.

Supported are numbers, ids, ``+ - * /``, comparisons, ``AND``, ``SUM([…])`` and ``IF(condition,
then, else)`` and ``PERIOD(id)``; anything else raises. The rules are those of AWS's "Metric math
syntax and functions": an operation on two series has a value where both have one, ``SUM`` over an
array skips missing values, a division by zero has no value, a comparison returns 1 or 0.

AWS evaluates expressions itself, but the embedded AWS does not. The console evaluates them here on
both, so that its charts are the same.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping

Series = dict[int, float]
"""Values by epoch second."""
Value = Series | float

_PERIOD_OF = re.compile(r"PERIOD\(\w+\)")
_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARE: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
}


class MetricMathError(ValueError):
    """An expression is invalid, or uses something that is not supported here."""


def evaluate(expression: str, series: Mapping[str, Series], period_s: int | None = None) -> Series:
    """Return the series of an expression over series by id; raises `MetricMathError`.

    `period_s` is the period of all of them, which only ``PERIOD(id)`` needs.
    """
    known = expression if period_s is None else _PERIOD_OF.sub(str(period_s), expression)
    try:
        tree = ast.parse(known.replace(" AND ", " and "), mode="eval")
    except SyntaxError as error:
        msg = f"{expression!r}: {error.msg}"
        raise MetricMathError(msg) from error
    value = _value(tree.body, series)
    if not isinstance(value, dict):
        msg = f"{expression!r} is a number, not a series"
        raise MetricMathError(msg)
    return value


def _value(node: ast.expr, series: Mapping[str, Series]) -> Value:  # noqa: PLR0911 - a case each
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name) if name in series:
            return series[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _combine(_BINARY[type(op)], _value(left, series), _value(right, series))
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
            return _combine(_COMPARE[type(op)], _value(left, series), _value(right, series))
        case ast.BoolOp(op=ast.And(), values=[left, right]):
            return _combine(
                lambda one, other: bool(one) and bool(other),
                _value(left, series),
                _value(right, series),
            )
        case ast.Call(func=ast.Name(id="SUM"), args=[ast.List(elts=parts)]):
            return _sum([_value(part, series) for part in parts])
        case ast.Call(func=ast.Name(id="IF"), args=[condition, then, otherwise]):
            return _if(*(_value(part, series) for part in (condition, then, otherwise)))
        case _:
            msg = f"{ast.unparse(node)!r} is not supported here"
            raise MetricMathError(msg)


def _combine(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Apply a function at every moment at which both operands have a value."""
    if not isinstance(left, dict) and not isinstance(right, dict):
        return float(function(left, right))
    result: Series = {}
    for moment in _moments(left, right):
        try:
            result[moment] = float(function(_at(left, moment), _at(right, moment)))
        except ZeroDivisionError:
            continue  # CloudWatch has no value for it either
    return result


def _moments(*values: Value) -> list[int]:
    """Return the moments at which every series has a value."""
    sets = [set(value) for value in values if isinstance(value, dict)]
    return sorted(set.intersection(*sets))


def _at(value: Value, moment: int) -> float:
    return value[moment] if isinstance(value, dict) else value


def _sum(values: list[Value]) -> Series:
    result: Series = {}
    for value in values:
        if not isinstance(value, dict):
            msg = "SUM takes series, not numbers"
            raise MetricMathError(msg)
        for moment, number in value.items():
            result[moment] = result.get(moment, 0.0) + number
    return dict(sorted(result.items()))


def _if(condition: Value, then: Value, otherwise: Value) -> Value:
    if not isinstance(condition, dict):
        msg = "the condition of IF must be a series"
        raise MetricMathError(msg)
    result: Series = {}
    for moment, is_true in condition.items():
        chosen = then if is_true else otherwise
        if not isinstance(chosen, dict):
            result[moment] = chosen
        elif moment in chosen:
            result[moment] = chosen[moment]
    return result
