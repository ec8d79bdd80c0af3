"""A creator's objects in the output and temp buckets: found and removed. Edge (S3, threads).

Nothing indexes them completely (a window's items expire before its collage), so both buckets are
listed, with every version, and each document about several creators is read. That takes about a
minute for a million objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import Executor
from itertools import islice

import msgspec

from collage_lambda.originals.image_pack import open_pack
from collage_lambda.prefetch.cover_pack import PackIndex
from collage_lambda.prefetch.scrub import PackScrubber, members_of
from ops_dashboard.erase.bucket import Bucket, Document, Version
from ops_dashboard.erase.documents import is_document, redact
from ops_dashboard.erase.range_file import open_range
from ops_dashboard.erase.report import UNREADABLE_RECORDS
from ops_dashboard.erase.subject import Subject, kind_of
from stream_ingest.contracts.errors import DecodeError, TransientError

PACKS_PREFIX = "prefetched/"
PREFETCHED = "prefetched covers"
LINES = "lines in documents"
VERSIONS = "old versions of documents"
_ROUNDS = 5
_AT_ONCE = 500


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Which objects are the creator's."""

    before: int | None
    """Windows from this number on are newer than the erasure; None for a rehearsal."""
    keys: frozenset[str] = frozenset()
    """Objects that the table names."""


class StoredFiles:
    """The objects of one creator in one stack's buckets."""

    def __init__(
        self,
        *,
        who: Subject,
        output: Bucket,
        temp: Bucket,
        scrubber: PackScrubber,
        threads: Executor,
    ) -> None:
        """Read several documents at once, in `threads`."""
        self._who, self._output, self._temp = who, output, temp
        self._scrubber, self._threads = scrubber, threads

    def work(self, scope: Scope, *, remove: bool) -> Counter[str]:
        """Return the number of things that are the creator's, by kind; with `remove`, remove them.

        `UNREADABLE_RECORDS` counts documents that cannot be decoded. Safe to repeat.
        """
        found: Counter[str] = Counter()
        for bucket in (self._output, self._temp):
            versions = bucket.versions()
            while part := list(islice(versions, _AT_ONCE)):
                found += self._own_objects(bucket, part, scope, remove=remove)
                shared = [each for each in part if not each.is_marker]
                for counts in self._threads.map(
                    lambda version, bucket=bucket: self._shared(bucket, version, remove=remove),
                    shared,
                ):
                    found += counts
        return found

    def _own_objects(
        self, bucket: Bucket, part: Iterable[Version], scope: Scope, *, remove: bool
    ) -> Counter[str]:
        own = list(owned(part, self._who, scope))
        if remove:
            bucket.delete(own)
        return Counter(kind_of(each.key) for each in own if not each.is_marker)

    def _shared(self, bucket: Bucket, version: Version, *, remove: bool) -> Counter[str]:
        """Return, and remove, what is the creator's in an object about several creators."""
        if bucket is self._temp and version.key.startswith(PACKS_PREFIX):
            return self._pack(version, remove=remove)
        if bucket is self._output and is_document(version.key):
            return self._document(version, remove=remove)
        return Counter()

    def _document(self, version: Version, *, remove: bool) -> Counter[str]:
        for _ in range(_ROUNDS):
            document = self._output.read(version)
            if document is None:
                return Counter()
            redaction = redact(version.key, document.body, self._who)
            if redaction.unreadable:
                return Counter({UNREADABLE_RECORDS: 1})
            if not redaction.found:
                return Counter()
            if not version.is_latest:
                if remove:
                    self._output.delete([version])
                return Counter({VERSIONS: 1})
            if not remove or self._rewrite(version, document, redaction.body):
                return Counter({LINES: redaction.found})
        msg = f"{version.key}: other writers were first {_ROUNDS} times; run this again"
        raise TransientError(msg)

    def _rewrite(self, version: Version, document: Document, body: bytes | None) -> bool:
        """Put the new body, then delete the version that was read."""
        if body is not None and not self._output.replace(version.key, document, body):
            return False
        if body is None or version.id != "null":
            self._output.delete([version])
        return True

    def _pack(self, version: Version, *, remove: bool) -> Counter[str]:
        count = len(self._members(version))
        if count and remove:
            count = self._scrubber.scrub(version.key, {self._who.name})
        return Counter({PREFETCHED: count})

    def _members(self, version: Version) -> Collection[int]:
        """Return the numbers of the creator's members of a pack, reading only its index."""

        def read_range(first: int, last: int) -> bytes:
            return self._temp.read_range(version.key, first, last)

        try:
            _, index = open_pack(open_range(version.bytes, read_range), PackIndex)
        except DecodeError:
            return ()
        return members_of(index, {self._who.name})


def owned(versions: Iterable[Version], who: Subject, scope: Scope) -> Iterator[Version]:
    """Yield the versions and delete markers of the creator's own objects. Pure."""
    for version in versions:
        number = who.window_of(version.key)
        is_old = number is not None and (scope.before is None or number < scope.before)
        if is_old or version.key in scope.keys:
            yield version
