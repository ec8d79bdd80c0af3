"""Removes erased creators from packs of prefetched covers. Edge (S3, DynamoDB)."""

from __future__ import annotations

from collections.abc import Collection

from collage_lambda.originals.scrub import PackScrubber
from collage_lambda.originals.temp_store import TempStore
from collage_lambda.prefetch.cover_pack import PackIndex
from collage_lambda.prefetch.pack_store import PackStore
from stream_ingest.contracts.events import PrefetchedCover


def cover_scrubber(temp: TempStore, pack_store: PackStore) -> PackScrubber[PackIndex]:
    """Return what scrubs packs of prefetched covers, and releases what it removes."""

    def release(key: str, index: PackIndex, members: Collection[int]) -> None:
        pack_store.release_pack(_covers(key, index, members))

    return PackScrubber(temp, PackIndex, delete=pack_store.delete_pack, release=release)


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
