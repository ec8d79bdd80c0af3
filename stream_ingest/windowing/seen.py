"""The dedup memory of one creator: 64-bit fingerprints in monthly pages. Pure.

Pages age by two stated rules: a page whose month ended before the horizon is dropped whole, and of
what is left only the `MAX_FINGERPRINTS` that came last are kept, so that the creator's item stays
far below DynamoDB's 400 KB.
"""

from __future__ import annotations

from array import array
from datetime import UTC, datetime, timedelta

MAX_FINGERPRINTS = 32_000
_SIZE = 8


class SeenImages:
    """A creator's fingerprints during one fold; `pages` gives them back to the state."""

    def __init__(self, pages: dict[str, bytes], now_s: int, horizon_days: int) -> None:
        """Read `pages`, forgetting months that ended more than `horizon_days` before `now_s`."""
        moment = datetime.fromtimestamp(now_s, UTC)
        oldest = (moment - timedelta(days=horizon_days)).strftime("%Y-%m")
        self._month = moment.strftime("%Y-%m")
        self._pages = {month: page for month, page in pages.items() if month >= oldest}
        self._known: set[int] = set()
        for page in self._pages.values():
            self._known.update(_fingerprints(page))
        self._new = array("Q")

    def add(self, fingerprint: int) -> bool:
        """Remember a fingerprint; return False if it was known already."""
        if fingerprint in self._known:
            return False
        self._known.add(fingerprint)
        self._new.append(fingerprint)
        return True

    def pages(self) -> dict[str, bytes]:
        """Return the pages with what was added, the newest `MAX_FINGERPRINTS` of them."""
        pages = dict(self._pages)
        if self._new:
            pages[self._month] = pages.get(self._month, b"") + _bytes(self._new)
        excess = sum(map(len, pages.values())) - MAX_FINGERPRINTS * _SIZE
        for month in sorted(pages):
            if excess <= 0:
                break
            cut = min(excess, len(pages[month]))
            pages[month] = pages[month][cut:]
            excess -= cut
        return {month: page for month, page in sorted(pages.items()) if page}


def _fingerprints(page: bytes) -> array[int]:
    values = array("Q")
    values.frombytes(page[: len(page) - len(page) % _SIZE])
    return values


def _bytes(values: array[int]) -> bytes:
    return values.tobytes()
