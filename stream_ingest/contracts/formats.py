"""The number of a stored item's format, by which a release refuses what it cannot read. Pure.

A newer release may add attributes to an item that older ones need not know: these ignore them, and
keep them when they write the item again. If an older release would do wrong without knowing an
attribute, the item gets a higher number, and only then: an item that does not use what is new keeps
its number. No number is 1.
"""

from __future__ import annotations

from collections.abc import Mapping

from stream_ingest.contracts.errors import DecodeError

FORMAT = "format"
"""Attribute with the number."""
READS = 1
"""Highest number that this release reads; all of its items have number 1."""


def check_format(item: Mapping[str, object]) -> None:
    """Raise `DecodeError` if a newer release has written an item in a way of its own."""
    number = item.get(FORMAT, 1)
    if number == 1:
        return
    msg = (
        f"format {number}, this release reads {READS}: a newer release wrote it; deploy that one"
        " again"
    )
    raise DecodeError(msg)
