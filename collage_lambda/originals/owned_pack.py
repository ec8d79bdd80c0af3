"""Packs with members of several creators, without those of one. Edge (temporary files).

A pack is written again with zeros in place of the members that go, so that every other one keeps
its number, offset and content, which windows have recorded. The index loses all that it says about
them. Names of members in the zip are numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import IO, Annotated

import msgspec

from collage_lambda.originals.image_pack import INDEX_MEMBER, PackWriter, data_offset, open_pack
from stream_ingest.contracts.errors import DecodeError

NOBODY = ""
"""Creator of a member that was taken out."""


class OwnedMember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One member of a pack, and the window that it is for."""

    creator: str
    window: str
    offset: Annotated[int, msgspec.Meta(ge=0)]
    length: Annotated[int, msgspec.Meta(ge=1)]


class OwnedIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The index of a pack, with its members by number."""

    members: tuple[OwnedMember, ...]


Owns = Callable[[OwnedMember], bool]
"""Whether a member is one of those to take out."""


def members_of(index: OwnedIndex, owns: Owns) -> set[int]:
    """Return the numbers of some members."""
    return {number for number, each in enumerate(index.members) if owns(each)}


def has_others(index: OwnedIndex, members: Collection[int]) -> bool:
    """Return whether somebody has other members than these."""
    return any(
        number not in members and each.creator != NOBODY
        for number, each in enumerate(index.members)
    )


def write_without(
    file: IO[bytes], index: OwnedIndex, members: Collection[int], writer: PackWriter
) -> IO[bytes]:
    """Write a pack without some members into `writer`; return its file, rewound.

    Raises `DecodeError` if the other members would not keep their offsets.
    """
    pack, _ = open_pack(file, type(index))
    kept = {each.offset for number, each in enumerate(index.members) if number not in members}
    for info in pack.infolist():
        if info.filename == INDEX_MEMBER:
            continue
        offset = data_offset(info.header_offset, info.filename)
        data = pack.read(info) if offset in kept else bytes(info.file_size)
        if writer.add(info.filename, data) != offset:
            msg = f"pack: member {info.filename} is not where a pack of ours has it"
            raise DecodeError(msg)
    entries = (
        _nameless(each) if number in members else each for number, each in enumerate(index.members)
    )
    return writer.seal(msgspec.structs.replace(index, members=tuple(entries)))


def _nameless(member: OwnedMember) -> OwnedMember:
    """Return a member without any text: whose it is, for which window, from where."""
    fields = msgspec.structs.asdict(member)
    texts = {name: "" for name, value in fields.items() if isinstance(value, str)}
    return msgspec.structs.replace(member, **texts)
