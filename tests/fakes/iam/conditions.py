"""The conditions of IAM policies that ours use, as AWS evaluates them.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Multivalued context
keys".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache

Context = Mapping[str, Sequence[str]]
"""The condition keys of a request; a key that it does not have is absent."""


def hold(conditions: Mapping[str, Mapping[str, Sequence[str]]], context: Context) -> bool:
    """Return whether all conditions of a statement hold; KeyError for an unknown operator."""
    return all(
        _OPERATORS[operator](context.get(key), expected)
        for operator, keys in conditions.items()
        for key, expected in keys.items()
    )


def matches(pattern: str, text: str) -> bool:
    """Return whether a pattern with ``*`` matches a whole text, with its case."""
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def _any(expected: Sequence[str], value: str) -> bool:
    return any(matches(pattern, value) for pattern in expected)


def _like_if_exists(actual: Sequence[str] | None, expected: Sequence[str]) -> bool:
    return actual is None or all(_any(expected, value) for value in actual)


def _all_like(actual: Sequence[str] | None, expected: Sequence[str]) -> bool:
    """``ForAllValues`` holds for an absent key."""
    return all(_any(expected, value) for value in actual or ())


def _none_like(actual: Sequence[str] | None, expected: Sequence[str]) -> bool:
    return not any(_any(expected, value) for value in actual or ())


def _all_equal(actual: Sequence[str] | None, expected: Sequence[str]) -> bool:
    return set(actual or ()) <= set(expected)


def _any_equal(actual: Sequence[str] | None, expected: Sequence[str]) -> bool:
    """``ForAnyValue`` does not hold for an absent key."""
    return bool(set(actual or ()) & set(expected))


_OPERATORS: Mapping[str, Callable[[Sequence[str] | None, Sequence[str]], bool]] = {
    "ForAllValues:StringEquals": _all_equal,
    "ForAllValues:StringLike": _all_like,
    "ForAllValues:StringNotLike": _none_like,
    "ForAnyValue:StringEquals": _any_equal,
    "StringEquals": lambda actual, expected: actual is not None and _all_equal(actual, expected),
    "StringLike": lambda actual, expected: actual is not None and _like_if_exists(actual, expected),
    "StringLikeIfExists": _like_if_exists,
}
