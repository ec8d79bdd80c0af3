"""Removes erased creators from packs that other creators' windows still read. Edge (S3).

`owned_pack` says how. A pack in which nobody is left is deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from collage_lambda.originals.image_pack import PackWriter, open_pack, spool
from collage_lambda.originals.owned_pack import (
    OwnedIndex,
    Owns,
    has_others,
    members_of,
    write_without,
)
from collage_lambda.originals.shared_pack import SharedIndex
from collage_lambda.originals.temp_store import TempStore
from stream_ingest.contracts.errors import ConflictError

_ROUNDS = 5

I_ = TypeVar("I_", bound=OwnedIndex)


class PackScrubber(Generic[I_]):
    """Scrubs one kind of packs in the temp bucket."""

    def __init__(
        self,
        temp: TempStore,
        index: type[I_],
        *,
        delete: Callable[[str], None],
        release: Callable[[str, I_, Collection[int]], None],
    ) -> None:
        """Read and write packs with an `index` by `temp`.

        `delete` deletes the pack of a key; `release` is called with the members that are gone from
        one that stays.
        """
        self._temp, self.index = temp, index
        self._delete, self._release = delete, release

    def scrub(self, key: str, owns: Owns) -> int:
        """Remove the members that it `owns` from a pack; return their number.

        Safe to repeat, and while windows of other creators read the pack. Raises `ConflictError` if
        other writers are always first.
        """
        for _ in range(_ROUNDS):
            with spool() as file:
                etag = self._temp.load_tagged(key, file)
                if etag is None:
                    return 0
                _, index = open_pack(file, self.index)
                members = members_of(index, owns)
                if not members:
                    return 0
                if not has_others(index, members):
                    self._delete(key)
                    return len(members)
                with PackWriter() as writer:
                    scrubbed = write_without(file, index, members, writer)
                    replaced = self._temp.replace(key, scrubbed, etag)
                if replaced:
                    self._release(key, index, members)
                    return len(members)
        msg = f"scrub {key}: other writers were first {_ROUNDS} times"
        raise ConflictError(msg)


def originals_scrubber(temp: TempStore) -> PackScrubber[SharedIndex]:
    """Return what scrubs packs with the originals of several windows."""
    return PackScrubber(temp, SharedIndex, delete=temp.delete, release=lambda *_: None)
