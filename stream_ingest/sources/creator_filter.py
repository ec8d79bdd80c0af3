"""The rows of chosen creators, in whatever spelling a source has their names. Pure.

Rows are compared by the names that their spellings have in common. What a database compares is less
exact: it returns the rows whose column has the name's letters in their order, which all spellings
have, whatever is between them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from stream_ingest.contracts.creators import CreatorCase, creator_of, read_creator

_IN_ALL_SPELLINGS = {
    CreatorCase.KEEP: re.compile(r"[A-JL-Za-z0-9]"),
    CreatorCase.FOLD: re.compile(r"[b-eghjmo-ru-z0-9]"),
}
"""ASCII letters and digits that no other character becomes by `creators.creator_of`: the Kelvin
sign becomes K, and folding makes ss of a sharp s."""
_EXPONENT = "%e%"
"""In a column of doubles, what MySQL writes instead of digits."""


class CreatorFilter:
    """Chooses the rows of some creators; of all of them if none are named."""

    def __init__(self, creators: Sequence[str], case: CreatorCase = CreatorCase.KEEP) -> None:
        """Choose `creators`, in any spelling."""
        self._case = case
        self._names = frozenset(creator_of(each, case) for each in creators)

    def __bool__(self) -> bool:
        """Return whether any creators are named: the rows of others are left out."""
        return bool(self._names)

    def matches(self, value: object) -> bool:
        """Return whether a creator column's value is one of the creators."""
        if not self._names:
            return True
        found = read_creator(value, self._case)
        return found is not None and found.name in self._names

    def condition(self, column: str) -> tuple[list[str], list[object]]:
        """Return a condition of MySQL that all matching rows fulfil, and its parameters.

        `column` is quoted already. There is no condition if all rows may match.
        """
        patterns = [pattern for name in sorted(self._names) for pattern in self._patterns(name)]
        if not patterns or "%" in patterns:
            return [], []
        text = f"CONVERT({column} USING utf8mb4) COLLATE utf8mb4_general_ci"
        return [f"({' OR '.join([f'{text} LIKE %s'] * len(patterns))})"], [*patterns]

    def _patterns(self, name: str) -> list[str]:
        letters = _IN_ALL_SPELLINGS[self._case].findall(name)
        pattern = "".join(f"%{letter}" for letter in letters) + "%"
        return [pattern, _EXPONENT] if name.isdigit() else [pattern]


EVERYBODY = CreatorFilter(())
