"""Where a listing goes on: positions in an index as one short text. Pure.

The text is for handing back, not for reading. It holds index keys and nothing secret; a reader who
makes one up gets a listing that starts elsewhere, or an error.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection

import msgspec

from stream_ingest.contracts.errors import UserError

Position = dict[str, str]
"""The key of the last entry that was shown; all key attributes of the listings are text."""


def write_cursor(positions: dict[str, Position]) -> str:
    """Return the text of positions, by the name of the listing that each is in."""
    return base64.urlsafe_b64encode(msgspec.json.encode(positions)).decode().rstrip("=")


def read_cursor(text: str | None, listings: Collection[str]) -> dict[str, Position]:
    """Return the positions in a text, none for None.

    `UserError` where the text is none of ours, or is of other listings than these.
    """
    if text is None:
        return {}
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        positions = msgspec.json.decode(raw, type=dict[str, Position])
    except (binascii.Error, msgspec.DecodeError, ValueError) as error:
        msg = f"not a page of this listing: {text[:40]!r}"
        raise UserError(msg) from error
    if not positions.keys() <= set(listings):
        msg = f"a page of another listing: {text[:40]!r}"
        raise UserError(msg)
    return positions
