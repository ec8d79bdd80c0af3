"""A pack of prefetched covers: what is in it, and how it is made. Edge (temporary files).

Covers of one creator lie side by side, so that a window reads them in one go. A cover that two open
windows of a creator wait for is two members of the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from types import TracebackType
from typing import Annotated, Literal, Self

import msgspec

from collage_lambda.originals.pack import MAX_TOTAL_BYTES, Pack, spool
from stream_ingest.contracts.events import PrefetchedCover
from stream_ingest.windowing.rules.prefetch import AtRisk, Fetched

MAX_PACK_BYTES = MAX_TOTAL_BYTES // 2
"""Covers beyond this are left for the next pack: they are in /tmp twice while it is made."""


class PackMember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One cover in a pack, and the open window that waits with it."""

    creator: str
    window: str
    identity: str
    url: str
    offset: Annotated[int, msgspec.Meta(ge=0)]
    length: Annotated[int, msgspec.Meta(ge=1)]
    sha256: str


class PackIndex(msgspec.Struct, frozen=True, kw_only=True):
    """What a pack holds, by member number, since and until when (epoch seconds)."""

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


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """A cover as it came: for which windows, and where it is in the scratch file."""

    waiting: Sequence[AtRisk]
    url: str
    sha256: str
    offset: int
    length: int


class CoverPacker:
    """Collects covers in the order of their arrival; a context manager that drops them."""

    def __init__(self, now_s: int, life_s: int) -> None:
        """Start empty; what is collected at `now_s` (epoch seconds) expires after `life_s`."""
        self._now_s, self._until = now_s, now_s + life_s
        self._scratch = spool()
        self._arrivals: list[Arrival] = []
        self._bytes = 0

    def keep(self, waiting: Sequence[AtRisk], url: str, data: bytes) -> bool:
        """Take a cover for all windows that wait for it; tell whether there was room."""
        if self._bytes + len(data) > MAX_PACK_BYTES:
            return False
        arrival = Arrival(
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

    def write(self, pack: Pack) -> PackIndex:
        """Put the covers into `pack`, creator by creator, and return what is in it."""
        members: list[PackMember] = []
        for arrival in sorted(self._arrivals, key=lambda each: each.waiting[0].creator):
            self._scratch.seek(arrival.offset)
            offset = pack.add(f"{len(members):04d}", self._scratch.read(arrival.length))
            members += [_member(arrival, each, offset) for each in arrival.waiting]
        return PackIndex(fetched_at=self._now_s, until=self._until, members=tuple(members))

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Drop the covers."""
        self._scratch.close()


def _member(arrival: Arrival, each: AtRisk, offset: int) -> PackMember:
    return PackMember(
        creator=each.creator,
        window=each.window,
        identity=each.image.known_as,
        url=arrival.url,
        offset=offset,
        length=arrival.length,
        sha256=arrival.sha256,
    )
