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
MAX_SEARCHES, _STORED_PER_SEARCH = 16, 5
"""Indexing 10 stored fingerprints takes as long as 3 searches, 100 as long as 14, more as 25."""
_PAGE = struct.Struct(f"{FINGERPRINT_BYTES}s")


class SeenImages:
    """A creator's fingerprints during one fold; `pages` returns them for the new state."""

    def __init__(self, pages: dict[str, bytes], now_s: int, horizon_days: int, adding: int) -> None:
        """Read `pages`, dropping months that ended more than `horizon_days` before `now_s`.

        `adding` is about how many fingerprints will be added. If they are few, the pages are
        searched for each; else they are indexed.
        """
        oldest, self._month = _month(now_s - horizon_days * DAY_S), _month(now_s)
        self._pages = {
            month: page[: len(page) - len(page) % FINGERPRINT_BYTES]
            for month, page in pages.items()
            if month >= oldest
        }
        self._stored = b"".join(self._pages.values())
        self._new: list[bytes] = []
        self._index: set[tuple[bytes]] | None = None
        searches = len(self._stored) // FINGERPRINT_BYTES // _STORED_PER_SEARCH
        if adding > min(searches, MAX_SEARCHES):
            self._index = set(_PAGE.iter_unpack(self._stored))

    def add(self, fingerprint: bytes) -> bool:
        """Remember a fingerprint; return False if it was known already."""
        if self._index is None:
            is_known = fingerprint in self._new or _contains(self._stored, fingerprint)
        else:
            entry = (fingerprint,)  # a one-tuple, as `iter_unpack` yields
            is_known = entry in self._index
            self._index.add(entry)
        if not is_known:
            self._new.append(fingerprint)
        return not is_known

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


def _contains(pages: bytes, fingerprint: bytes) -> bool:
    """Return whether a fingerprint is in pages: not just its bytes, in two adjacent ones."""
    at = pages.find(fingerprint)
    while at % FINGERPRINT_BYTES and at > 0:
        at = pages.find(fingerprint, at + 1)
    return at >= 0


@lru_cache(maxsize=64)
def _month(epoch_s: int) -> str:
    """Return the UTC month, YYYY-MM, of an epoch second. Cached: all creators need the same two."""
    return iso_date(epoch_s)[:7]
