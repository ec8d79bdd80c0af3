"""Erases a creator, in an order that can be interrupted anywhere. Edge, by way of its parts.

1. The creator's state is emptied in one write. From then on no row of before becomes an image, no
   window of before can be claimed again, and no count is lost.
2. Windows that a worker is building are waited for: their leases end with their invocations.
3. Status items of windows go, then objects, prefetched covers, lines in documents, dead letters,
   entries of replays.
4. Image lists go last, because they name what an interrupted run still has to remove.

All of it is repeated until a pass finds nothing, which also removes what a slow process stored
meanwhile. Running it again is safe, and erases what has arrived since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from collage_lambda.output.keys import keys_of
from ops_dashboard.erase.creator_items import (
    CreatorItems,
    is_window,
    recorded_keys,
    window_number,
)
from ops_dashboard.erase.input_files import InputFiles
from ops_dashboard.erase.report import (
    UNREADABLE_FILES,
    UNREADABLE_PACKS,
    UNREADABLE_RECORDS,
    WAITING_FILES,
)
from ops_dashboard.erase.stored_files import Scope
from ops_dashboard.erase.subject import Subject
from stream_ingest.aws.items import Item
from stream_ingest.contracts import table
from stream_ingest.contracts.errors import DecodeError, TransientError
from stream_ingest.windowing.rules.outbox import expand_event
from stream_ingest.windowing.rules.state import CreatorState

MAX_PASSES = 5
LEASE_TIMEOUT_S = 1_000
"""Longer than a lease, which lasts as long as an invocation (at most 900 s) and half a minute."""
_POLL_S = 1.0


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, or removed, by kind, and the creator's state afterwards."""

    found: Counter[str]
    kept: Counter[str]
    """Number of files that stay although they may name the creator, by kind."""
    state: CreatorState


class Files(Protocol):
    """The objects of one creator in one stack's buckets."""

    def work(self, scope: Scope, *, remove: bool) -> Counter[str]:
        """Return the number of objects, by kind; with `remove`, remove them. Safe to repeat."""


class DeadLetters(Protocol):
    """The dead letters of one creator."""

    def work(self, *, remove: bool) -> Counter[str]:
        """Return their number; with `remove`, remove them. Safe to repeat."""


class Runs(Protocol):
    """The creator's windows in the lists of replays and retries."""

    def work(self, *, remove: bool) -> Counter[str]:
        """Return the number of entries; with `remove`, remove them. Safe to repeat."""


class Erasure:
    """Finds and erases one creator."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        who: Subject,
        items: CreatorItems,
        files: Files,
        dead_letters: DeadLetters | None,
        inputs: InputFiles | None,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        say: Callable[[str], None],
        lease_timeout_s: float = LEASE_TIMEOUT_S,
        runs: Runs | None = None,
    ) -> None:
        """`clock` gives epoch seconds; `say` gets one line about each step that takes time.

        Without `inputs`, `dead_letters` or `runs`, those are not searched. Collages that are
        being built are waited for up to `lease_timeout_s` seconds.
        """
        self._who, self._items, self._files = who, items, files
        self._dead_letters, self._clock = dead_letters, clock
        self._inputs, self._lease_timeout_s = inputs, lease_timeout_s
        self._runs = runs
        self._sleep, self._say = sleep, say

    def rehearse(self) -> Result:
        """Return what `run` would remove, without changing anything."""
        state = self._items.state()
        items = list(self._items.items(None))
        found = _counted(state, items)
        found["counts in batches"] += sum(1 for _ in self._items.tallies())
        scope = Scope(before=None, keys=frozenset(_keys(items)))
        found += self._files.work(scope, remove=False)
        found += self._dead_letters.work(remove=False) if self._dead_letters else Counter()
        found += self._inputs.work(remove=False) if self._inputs else Counter()
        found += self._runs.work(remove=False) if self._runs else Counter()
        return Result(found=found, kept=_take_kept(found), state=state)

    def run(self, *, block: bool) -> Result:
        """Erase everything that exists when this is called; safe to repeat after any failure.

        Raises `TransientError` if something was in the way; the creator stays marked as erased.
        """
        before = self._items.state()
        state = self._items.mark_erased(block=block)
        total = _counted(before, ())
        for number in range(1, MAX_PASSES + 1):
            self._say(f"removing what is stored (pass {number}) …")
            found = self._pass(state.next_window)
            kept = _take_kept(found)
            total += found
            if not found:
                return Result(found=total, kept=kept, state=state)
        msg = f"objects of {self._who.name} kept appearing; run this again"
        raise TransientError(msg)

    def _pass(self, boundary: int) -> Counter[str]:
        """Remove everything of windows before `boundary`; return what was found."""
        items = self._remove_windows(boundary)
        found = _counted(None, items)
        scope = Scope(before=boundary, keys=frozenset(_keys(items)))
        found += self._files.work(scope, remove=True)
        found += self._dead_letters.work(remove=True) if self._dead_letters else Counter()
        found += self._inputs.work(remove=True) if self._inputs else Counter()
        found += self._runs.work(remove=True) if self._runs else Counter()
        for item in self._items.items(boundary):
            self._items.remove(item)
        found["counts in batches"] += self._move_tallies()
        return +found

    def _remove_windows(self, boundary: int) -> list[Item]:
        """Remove the status items of windows; return all the items that were there.

        A window that a worker takes in between is waited for like the others.
        """
        seen: dict[str, Item] = {}
        while True:
            items = self._without_leases(boundary)
            seen |= {str(item[table.SORT_KEY]): item for item in items}
            taken = [
                item for item in items if is_window(item) and not self._items.remove_window(item)
            ]
            if not taken:
                return list(seen.values())

    def _without_leases(self, boundary: int) -> list[Item]:
        """Return the creator's items, when no worker is building any of its windows."""
        deadline = self._clock() + self._lease_timeout_s
        while True:
            items = list(self._items.items(boundary))
            leased = [item for item in items if self._is_leased(item)]
            if not leased:
                return items
            if self._clock() > deadline:
                msg = f"{len(leased)} windows are still being built; run this again"
                raise TransientError(msg)
            self._say(f"waiting for {len(leased)} collages that are being built …")
            self._sleep(_POLL_S)

    def _is_leased(self, item: Item) -> bool:
        return is_window(item) and int(item.get("lease_until", 0)) >= self._clock()

    def _move_tallies(self) -> int:
        moved = 0
        for item in self._items.tallies():
            moved += self._items.move_tally(item)
        return moved


def merge_results(results: Sequence[Result]) -> Result:
    """Return the result of erasing a creator under several names, the present one first. Pure."""
    first = results[0]
    found = sum((each.found for each in results), Counter())
    return msgspec.structs.replace(first, found=found)


def _take_kept(found: Counter[str]) -> Counter[str]:
    """Remove the counts of files that stay from `found`, and return them. Pure."""
    kinds = (UNREADABLE_RECORDS, UNREADABLE_PACKS, UNREADABLE_FILES, WAITING_FILES)
    return +Counter({kind: found.pop(kind, 0) for kind in kinds})


def _counted(state: CreatorState | None, items: Iterable[Item]) -> Counter[str]:
    """Return the number of a creator's things in the table, by kind. Pure."""
    found: Counter[str] = Counter()
    if state is not None:
        found["images in open windows"] = state.open_images
        found["months of known images"] = len(state.seen)
    for item in items:
        known = window_number(item) is not None
        kind = "windows" if is_window(item) else "lists of images" if known else "other items"
        found[kind] += 1
    return found


def _event_keys(item: Item) -> set[str]:
    """Return the keys of a window's objects after its event, if an item has one. Pure."""
    if "detail" not in item:
        return set()
    try:
        event = expand_event(bytes(item["detail"]))
    except DecodeError:
        return set()
    own = keys_of(event)
    keys = {own.collage, own.by_creator, own.thumbnail, own.metadata, own.originals}
    return keys | ({event.images_key} if event.images_key else set())


def _keys(items: Iterable[Item]) -> set[str]:
    """Return the keys of objects that items name. Pure."""
    keys: set[str] = set()
    for item in items:
        keys |= recorded_keys(item)
        keys |= _event_keys(item)
    return keys
