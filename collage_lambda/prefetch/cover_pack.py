"""Packs of prefetched covers: their index and their writer. Edge (temporary files).

The covers of one creator are adjacent, so that a window reads them by one byte range. A cover that
two open windows of a creator need is two members with the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from types import TracebackType
from typing import Literal, Self

import msgspec

from collage_lambda.originals.image_pack import MAX_TOTAL_BYTES, PackWriter, spool
from collage_lambda.originals.owned_pack import OwnedIndex, OwnedMember
from stream_ingest.contracts.events import PrefetchedCover
from stream_ingest.windowing.rules.prefetch import ExpiringCover, Fetched

MAX_PACK_BYTES = MAX_TOTAL_BYTES // 2
"""Covers beyond this stay at risk for the next pack; a pack is in /tmp twice while written."""


class PackMember(OwnedMember, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cover in a pack, and the open window that needs it."""

    identity: str
    url: str
    sha256: str


class PackIndex(OwnedIndex, frozen=True, kw_only=True):
    """The index of a pack: covers by member number, time of fetching and of expiry (epoch s)."""

    schema: Literal[1] = 1
    fetched_at: int
    until: int
    members: tuple[PackMember, ...]

    def fetched(self, pack: str) -> dict[str, list[Fetched]]:
        """Return the prefetched covers, by creator, for the pack of this key."""
        found: dict[str, list[Fetched]] = {}
        for number, member in enumerate(self.members):
            cover = PrefetchedCover(
                pack=pack,
                member=number,
                offset=member.offset,
                length=member.length,
                sha256=member.sha256,
                until=self.until,
            )
            each = Fetched(window=member.window, identity=member.identity, prefetched=cover)
            found.setdefault(member.creator, []).append(each)
        return found


class SpooledCover(msgspec.Struct, frozen=True, kw_only=True):
    """A cover in the scratch file, and the windows that need it."""

    waiting: Sequence[ExpiringCover]
    url: str
    sha256: str
    offset: int
    length: int


class CoverPacker:
    """Collects covers as they arrive; a context manager that drops them in the end."""

    def __init__(self, now_s: int, life_s: int) -> None:
        """Start empty; what is collected at `now_s` (epoch seconds) expires after `life_s`."""
        self._now_s, self._until = now_s, now_s + life_s
        self._scratch = spool()
        self._arrivals: list[SpooledCover] = []
        self._bytes = 0

    def add_cover(self, waiting: Sequence[ExpiringCover], url: str, data: bytes) -> bool:
        """Add a cover for all windows that need it; return whether it still fits."""
        if self._bytes + len(data) > MAX_PACK_BYTES:
            return False
        arrival = SpooledCover(
            waiting=waiting,
            url=url,
            sha256=hashlib.sha256(data).hexdigest(),
            offset=self._bytes,
            length=len(data),
        )
        self._scratch.write(data)
        self._bytes += len(data)
        self._arrivals.append(arrival)
        return True

    @property
    def count(self) -> int:
        """Number of covers."""
        return len(self._arrivals)

    def write(self, pack: PackWriter) -> PackIndex:
        """Write the covers into `pack`, creator by creator, and return its index."""
        members: list[PackMember] = []
        for arrival in sorted(self._arrivals, key=lambda each: each.waiting[0].creator):
            self._scratch.seek(arrival.offset)
            offset = pack.add(f"{len(members):04d}", self._scratch.read(arrival.length))
            members += [_member(arrival, each, offset) for each in arrival.waiting]
        return PackIndex(fetched_at=self._now_s, until=self._until, members=tuple(members))

    def __enter__(self) -> Self:
        """Return the packer."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Drop the covers."""
        self._scratch.close()


def _member(arrival: SpooledCover, each: ExpiringCover, offset: int) -> PackMember:
    return PackMember(
        creator=each.creator,
        window=each.window,
        identity=each.image.known_as,
        url=arrival.url,
        offset=offset,
        length=arrival.length,
        sha256=arrival.sha256,
    )
