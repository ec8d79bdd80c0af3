"""Removes erased creators from packs that other creators' windows still read. Edge (S3, DynamoDB).

A pack is written again with zeros in place of the erased creators' covers, so that every other
cover keeps its number, offset and sha256, which windows have recorded. The index loses their names,
identities and URLs. A pack of erased creators alone is deleted.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import IO

import msgspec

from collage_lambda.originals.image_pack import INDEX_MEMBER, PackWriter, open_pack, spool
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.prefetch.cover_pack import PackIndex, PackMember
from collage_lambda.prefetch.pack_store import PackStore
from stream_ingest.contracts.errors import ConflictError, DecodeError
from stream_ingest.contracts.events import PrefetchedCover

_LOCAL_HEADER_BYTES = 30
"""Length of a zip member's local header without its name (APPNOTE.TXT, section 4.3.7)."""
_ROUNDS = 5
NOBODY = ""
"""Creator of a member that was scrubbed."""


class PackScrubber:
    """Scrubs packs in the temp bucket."""

    def __init__(self, temp: TempStore, pack_store: PackStore) -> None:
        """Read and write by `temp`, release members by `pack_store`."""
        self._temp, self._pack_store = temp, pack_store

    def scrub(self, key: str, creators: Collection[str]) -> int:
        """Remove the covers of creators from a pack; return their number.

        Safe to repeat, and while windows of other creators read the pack. Raises `ConflictError` if
        other writers are always first.
        """
        for _ in range(_ROUNDS):
            with spool() as file:
                etag = self._temp.load_tagged(key, file)
                if etag is None:
                    return 0
                _, index = open_pack(file, PackIndex)
                members = members_of(index, creators)
                if not members:
                    return 0
                if all(each.creator in {*creators, NOBODY} for each in index.members):
                    self._pack_store.delete_pack(key)
                    return len(members)
                with PackWriter() as writer:
                    scrubbed = write_scrubbed(file, index, members, writer)
                    replaced = self._temp.replace(key, scrubbed, etag)
                if replaced:
                    self._pack_store.release_pack(_covers(key, index, members))
                    return len(members)
        msg = f"scrub {key}: other writers were first {_ROUNDS} times"
        raise ConflictError(msg)


def members_of(index: PackIndex, creators: Collection[str]) -> set[int]:
    """Return the numbers of the members of some creators. Pure."""
    return {number for number, each in enumerate(index.members) if each.creator in creators}


def write_scrubbed(
    file: IO[bytes], index: PackIndex, members: Collection[int], writer: PackWriter
) -> IO[bytes]:
    """Write a pack without some members into `writer`; return its file, rewound.

    Raises `DecodeError` if the other members would not keep their offsets.
    """
    pack, _ = open_pack(file, PackIndex)
    kept = {each.offset for number, each in enumerate(index.members) if number not in members}
    for info in pack.infolist():
        if info.filename == INDEX_MEMBER:
            continue
        offset = info.header_offset + _LOCAL_HEADER_BYTES + len(info.filename)
        data = pack.read(info) if offset in kept else bytes(info.file_size)
        if writer.add(info.filename, data) != offset:
            msg = f"pack: member {info.filename} is not where a pack of ours has it"
            raise DecodeError(msg)
    entries = (
        _nameless(each) if number in members else each for number, each in enumerate(index.members)
    )
    return writer.seal(msgspec.structs.replace(index, members=tuple(entries)))


def _nameless(member: PackMember) -> PackMember:
    return PackMember(
        creator=NOBODY,
        window="",
        identity="",
        url="",
        offset=member.offset,
        length=member.length,
        sha256="",
    )


def _covers(key: str, index: PackIndex, members: Collection[int]) -> list[PrefetchedCover]:
    return [
        PrefetchedCover(
            pack=key,
            member=number,
            offset=index.members[number].offset,
            length=index.members[number].length,
            sha256=index.members[number].sha256,
            until=index.until,
        )
        for number in members
    ]
