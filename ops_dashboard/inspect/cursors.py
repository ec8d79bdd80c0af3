"""Cursors of listings: positions in indexes, encoded as a short text. Pure.

A cursor is opaque to its user. It contains index keys and nothing secret; a forged one starts the
listing elsewhere or raises an error.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection

import msgspec

from stream_ingest.contracts.errors import UserError

Position = dict[str, str]
"""Key of the last entry shown; all key attributes are text."""


def write_cursor(positions: dict[str, Position]) -> str:
    """Return the cursor for positions by listing."""
    return base64.urlsafe_b64encode(msgspec.json.encode(positions)).decode().rstrip("=")


def read_cursor(text: str | None, listings: Collection[str]) -> dict[str, Position]:
    """Return the positions in a cursor, by listing; empty for None.

    Raises `UserError` if the text is not a cursor, or is one of other listings.
    """
    if text is None:
        return {}
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        positions = msgspec.json.decode(raw, type=dict[str, Position])
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        msg = f"not a cursor of this listing: {text[:40]!r}"
        raise UserError(msg) from error
    if not positions.keys() <= set(listings):
        msg = f"a cursor of another listing: {text[:40]!r}"
        raise UserError(msg)
    return positions
