"""Packs with members of several creators: one creator's are found and removed. Edge (S3)."""

from __future__ import annotations

from collections.abc import Collection
from io import BytesIO
from typing import Generic, TypeVar

from collage_lambda.originals.image_pack import open_pack
from collage_lambda.originals.owned_pack import OwnedIndex, Owns, members_of
from collage_lambda.originals.scrub import PackScrubber
from ops_dashboard.erase.bucket import Bucket, Version
from ops_dashboard.erase.range_file import open_range
from stream_ingest.contracts.errors import DecodeError

I_ = TypeVar("I_", bound=OwnedIndex)


class Packs(Generic[I_]):
    """One kind of packs in a bucket. Safe to share between threads."""

    def __init__(self, bucket: Bucket, scrubber: PackScrubber[I_]) -> None:
        """Change packs by `scrubber`."""
        self._bucket, self._scrubber = bucket, scrubber

    def work(self, version: Version, owns: Owns, *, remove: bool) -> int:
        """Return the number of members that it `owns`; with `remove`, remove them.

        Older versions, which nothing reads, are deleted as a whole. Safe to repeat. Raises
        `DecodeError` if nobody can say whose members it has.
        """
        count = len(self._members(version, owns))
        if not count or not remove:
            return count
        if version.is_latest:
            self._scrubber.scrub(version.key, owns)
        if not version.is_latest or version.id != "null":
            self._bucket.delete([version])
        return count

    def _members(self, version: Version, owns: Owns) -> Collection[int]:
        """Return the numbers of members of one version, reading only its index.

        If that cannot be read, the whole object is: it may have been replaced meanwhile.
        """

        def read_range(first: int, last: int) -> bytes:
            return self._bucket.read_range(version, first, last)

        try:
            _, index = open_pack(open_range(version.bytes, read_range), self._scrubber.index)
        except DecodeError:
            document = self._bucket.read(version)
            if document is None:
                return ()
            _, index = open_pack(BytesIO(document.body), self._scrubber.index)
        return members_of(index, owns)
