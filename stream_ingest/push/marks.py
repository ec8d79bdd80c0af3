"""Where the next push of a table continues, and what a push may claim to have read. Pure.

A mark says: every row that was visible when the mark was taken, and was created before `until`, has
been read. A row can become visible later with an earlier created_at: a scraper fills a gap, a
transaction commits late, a host's clock is wrong. Two measures find such rows:

- the overlap: a push reads rows again that were created up to so long before the mark;
- the keys: in a table with an AUTO_INCREMENT primary key, a push also reads every row whose key is
  greater than the greatest one at an earlier moment, whatever its created_at. That moment is an
  overlap before the newest key was taken, because a transaction may commit a smaller key late.

A mark moves only over what was read without a gap: `plan_reading` decides it before anything is
read, and the plan is part of the checkpoint.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.zones import earliest_wall, from_wall, parse_zone
from stream_ingest.sources.source import Selection, Snapshot
from stream_ingest.sources.timerange import TimeRange

_ALL_KEYS = -1
_SPACING = timedelta(hours=1)
_FINEST_SPACING = timedelta(minutes=5)
_FINEST_FOR = timedelta(hours=1)
_FINE_FOR = timedelta(days=2)
_COARSE_SPACING = timedelta(days=1)
_COARSE_FOR = timedelta(days=32)
"""Keys are stored for every five minutes of an hour, each hour of two days and each day of a month,
so that an item is small and every overlap up to a month finds a key that is old enough."""


class KeyMark(msgspec.Struct, frozen=True, order=True):
    """The greatest primary key at a moment of the database's clock."""

    at: datetime
    key: int


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """Up to where a table has been read."""

    until: datetime
    """The database's time up to which rows were read without a gap, by created_at."""
    keys: tuple[KeyMark, ...] = ()
    """Greatest keys, in the order of time; empty if the table has no increasing key."""
    timezone: str | None = None
    """The zone in which the push read local times; None if nobody said one."""

    def key_before(self, overlap: timedelta) -> int | None:
        """Return the greatest key an overlap before the newest; the oldest if there is none."""
        if not self.keys:
            return None
        latest = self.keys[-1].at - overlap
        old = [mark.key for mark in self.keys if mark.at <= latest]
        return old[-1] if old else self.keys[0].key

    def in_zone(self, timezone: str | None) -> Mark:
        """Return the mark for a push that reads local times in another zone than the last one.

        Every row whose local time was before the mark then is before the new one, too, or is read
        again.
        """
        old, new = parse_zone(self.timezone), parse_zone(timezone)
        moved = from_wall(earliest_wall(self.until, old), new)
        return msgspec.structs.replace(self, until=min(self.until, moved))

    def advanced(
        self, until: datetime, keys: tuple[KeyMark, ...], timezone: str | None = None
    ) -> Mark:
        """Return the mark after a push that read up to `until`; it never moves backwards."""
        if until <= self.until:
            return self
        known = self.keys
        if keys and known and keys[-1].key < known[-1].key:  # made anew, or the last rows deleted
            below = tuple(mark for mark in known if mark.key <= keys[-1].key)
            known = below or (KeyMark(known[0].at, _ALL_KEYS),)
        elif known:
            keys = tuple(mark for mark in keys if mark.at > known[-1].at)
        keys = _thinned(tuple(sorted((*known, *keys))))
        return Mark(until=until, keys=keys, timezone=timezone)


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a push reads, and where the mark is once it has succeeded."""

    selection: Selection
    ends_at: datetime
    moves: bool
    keys: tuple[KeyMark, ...] = ()
    """Key marks to add; empty if the push has not read all rows up to a key."""
    notes: tuple[str, ...] = ()
    """Lines for the person who pushes."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a person asks of a push: which rows, and how they relate to the mark."""

    within: TimeRange
    """With ``last_push``, `since` is the lower end of the overlap, or None without a mark."""
    last_push: bool
    creators: tuple[str, ...] = ()
    overlap: timedelta
    dedup: bool = True
    move_mark: bool = False
    """Move the mark even if rows before `within` have not been read."""


def plan_reading(wish: Wish, mark: Mark | None, snapshot: Snapshot) -> Reading:
    """Return what to read and whether the mark moves.

    `snapshot` was taken before reading, with the keys before `seed_moment`.
    """
    if wish.last_push:
        check_dedup(wish)
    late, notes = _late_after(wish, mark, snapshot)
    until = wish.within.until
    since = wish.within.since
    if wish.last_push and since:
        since -= snapshot.slack
    if wish.last_push and not wish.dedup:
        until = _settled(until, snapshot)
    known = mark if wish.last_push else None
    newest = known.keys[-1].key if known and known.keys else None
    ends_at = min(until or snapshot.now, snapshot.now)
    is_first = mark is None or not mark.keys
    has_all = wish.within.since is None or late is not None or is_first
    gap = _gap(wish, mark)
    return Reading(
        selection=Selection(
            within=TimeRange(since=since, until=until),
            with_later=wish.last_push and wish.dedup,
            creators=wish.creators,
            late_after=late,
            read_before=known.until if known else None,
            read_key=newest,
        ),
        ends_at=ends_at,
        moves=gap is None,
        keys=_new_keys(wish, mark, snapshot, ends_at) if has_all and wish.dedup else (),
        notes=(*snapshot.notes, *notes, gap) if gap else (*snapshot.notes, *notes),
    )


def _settled(until: datetime | None, snapshot: Snapshot) -> datetime:
    """Return up to where rows are complete, so that the next push starts exactly there."""
    if snapshot.slack:
        msg = f"{snapshot.notes[-1]}. Without dedup, last_push has to know it"
        raise UserError(msg)
    settled = snapshot.settled or snapshot.now
    return min(until, settled) if until else settled


def check_dedup(wish: Wish) -> None:
    """Raise `UserError` if rows that are read again would be in two collages."""
    if not wish.dedup and wish.overlap:
        msg = (
            "--since last_push reads the rows of an overlap again, and without dedup they would be"
            " in two collages; add --overlap 0"
        )
        raise UserError(msg)


def seed_moment(wish: Wish, now: datetime) -> datetime:
    """Return the moment for which `plan_reading` needs the key before all later rows."""
    until = wish.within.until
    return until if until and until < now else now - wish.overlap


def _late_after(
    wish: Wish, mark: Mark | None, snapshot: Snapshot
) -> tuple[int | None, tuple[str, ...]]:
    """Return the key after which all rows are read; None to go by created_at alone."""
    if not wish.last_push or mark is None or snapshot.key is None or not wish.dedup:
        return None, ()
    if mark.keys and snapshot.key < mark.keys[-1].key:
        note = (
            f"the greatest key of the table is {snapshot.key}, but was {mark.keys[-1].key}:"
            " reading the whole table again, in case it was made anew"
        )
        return _ALL_KEYS, (note,)
    return mark.key_before(wish.overlap), ()


def _new_keys(
    wish: Wish, mark: Mark | None, snapshot: Snapshot, ends_at: datetime
) -> tuple[KeyMark, ...]:
    """Return the key marks to add after this push.

    A push with an end before now has read all rows only up to the first one created after that
    end. A first mark comes with an older one, so that the next push finds rows that commit late.
    """
    if snapshot.key is None:
        return ()
    before = min((*snapshot.keys_before, snapshot.key))
    if ends_at < snapshot.now:
        known = mark.keys[-1].key if mark and mark.keys else before
        return (KeyMark(ends_at, max(before, known)),)
    newest = KeyMark(snapshot.now, snapshot.key)
    is_known = mark is not None and bool(mark.keys) and snapshot.key >= mark.keys[-1].key
    if is_known or not wish.overlap:
        return (newest,)
    return (KeyMark(seed_moment(wish, snapshot.now), before), newest)


def _gap(wish: Wish, mark: Mark | None) -> str | None:
    """Return why the mark stays; None if this push reads without a gap."""
    stays = f"the mark of last_push stays at {_text(mark.until)}" if mark else "no mark is set"
    if wish.creators:
        return f"{stays}: only rows of some creators are read"
    since = wish.within.since
    if wish.move_mark or since is None:
        return None
    if mark is None:
        return f"{stays}: rows before {_text(since)} are not read; --move-mark sets it anyway"
    start = mark.until - wish.overlap
    if since <= start:
        return None
    return (
        f"{stays}: rows between {_text(start)} and {_text(since)} may be unread; --move-mark moves"
        " it anyway"
    )


def _thinned(keys: tuple[KeyMark, ...]) -> tuple[KeyMark, ...]:
    """Return the keys that are worth storing; always the newest, and the oldest within a month."""
    kept: list[KeyMark] = []
    for mark in keys:
        age = keys[-1].at - mark.at
        if age > _COARSE_FOR:
            kept = [mark]  # the last of the old ones
            continue
        spacing = _COARSE_SPACING
        if age <= _FINE_FOR:
            spacing = _FINEST_SPACING if age <= _FINEST_FOR else _SPACING
        if len(kept) > 1 and mark.at - kept[-2].at < spacing:
            kept.pop()
        kept.append(mark)
    return tuple(kept)


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
