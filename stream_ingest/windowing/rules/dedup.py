"""The dedup memory of one creator: fingerprints in monthly pages. Pure.

Two rules bound the pages: a page whose month ended before the horizon is dropped whole, and of the
rest only the latest `MAX_FINGERPRINTS` are stored, so that the creator's item stays
far below DynamoDB's 400 KB.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from stream_ingest.contracts.identity import FINGERPRINT_BYTES
from stream_ingest.contracts.settings import DAY_S
from stream_ingest.contracts.timestamps import iso_date

MAX_FINGERPRINTS = 32_000
_PAGE = struct.Struct(f"{FINGERPRINT_BYTES}s")


class SeenImages:
    """A creator's fingerprints during one fold; `pages` returns them for the new state."""

    def __init__(self, pages: dict[str, bytes], now_s: int, horizon_days: int) -> None:
        """Read `pages`, dropping months that ended more than `horizon_days` before `now_s`."""
        oldest, self._month = _month(now_s - horizon_days * DAY_S), _month(now_s)
        self._pages = {
            month: page[: len(page) - len(page) % FINGERPRINT_BYTES]
            for month, page in pages.items()
            if month >= oldest
        }
        self._known: set[tuple[bytes]] = set()
        for page in self._pages.values():
            self._known.update(_PAGE.iter_unpack(page))
        self._new: list[bytes] = []

    def add(self, fingerprint: bytes) -> bool:
        """Remember a fingerprint; return False if it was known already."""
        known = (fingerprint,)  # a one-tuple, as `iter_unpack` yields
        if known in self._known:
            return False
        self._known.add(known)
        self._new.append(fingerprint)
        return True

    def pages(self) -> dict[str, bytes]:
        """Return the pages including added fingerprints, the newest `MAX_FINGERPRINTS` in all."""
        pages = dict(self._pages)
        if self._new:
            pages[self._month] = pages.get(self._month, b"") + b"".join(self._new)
        excess = sum(map(len, pages.values())) - MAX_FINGERPRINTS * FINGERPRINT_BYTES
        for month in sorted(pages):
            if excess <= 0:
                break
            cut = min(excess, len(pages[month]))
            pages[month] = pages[month][cut:]
            excess -= cut
        return {month: page for month, page in sorted(pages.items()) if page}


@lru_cache(maxsize=64)
def _month(epoch_s: int) -> str:
    """Return the UTC month, YYYY-MM, of an epoch second. Cached: all creators need the same two."""
    return iso_date(epoch_s)[:7]
