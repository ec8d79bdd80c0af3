"""Window numbers that no other table of the stack has given. Pure.

A creator's windows are numbered from 1. A table that was restored from a backup has forgotten the
windows that closed after the backup, whose objects still exist under their numbers. A restored
table is always a new one in DynamoDB, with a creation time of its own. So its numbers continue at
the milliseconds from 2023 to its creation (``123387600001``): higher than all numbers before,
because no creator closes 1,000 windows a second, and different after each restore.
"""

from __future__ import annotations

import msgspec

_ORIGIN_S = 1_672_531_200
"""2023-01-01T00:00:00Z: numbers have 12 digits, the most that an id has, from 2026-03 to 2054."""
_SECOND_MS = 1_000
_PER_S = 1_000
"""Numbers that are skipped a second. DynamoDB writes fewer than 350 windows of one creator a
second: a partition takes 1,000 write units, and a window is an item in a transaction (2 units at
least) and one beside it (1)."""
FIRST = 1


class TableFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What DynamoDB says about a table."""

    created_at_ms: int
    """When the table was created (epoch milliseconds), by a restore or empty."""
    is_restored: bool
    """Whether DynamoDB knows that it was restored from a backup."""


class Numbering(msgspec.Struct, frozen=True, kw_only=True):
    """The item in the table that says from where its windows are numbered."""

    created_at_ms: int
    """When the table was created that is numbered from `first`. An item that was copied from it
    has this time too."""
    first: int = FIRST


def first_number(moment_ms: int) -> int:
    """Return the first number of a table that was restored at a moment (epoch milliseconds)."""
    return max(0, moment_ms // _SECOND_MS - _ORIGIN_S) * _PER_S + FIRST


def first_window(facts: TableFacts, numbering: Numbering | None) -> int:
    """Return the lowest number that a window of the table may get."""
    if numbering is None:
        return first_number(facts.created_at_ms) if facts.is_restored else FIRST
    if numbering.created_at_ms == facts.created_at_ms:
        return numbering.first
    return max(numbering.first, first_number(facts.created_at_ms))
