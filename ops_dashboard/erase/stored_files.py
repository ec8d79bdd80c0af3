"""A creator's objects in the output and temp buckets: found and removed. Edge (S3, threads).

Nothing indexes them completely (a window's items expire before its collage), so both buckets are
listed, with every version, and each document about several creators is read, and the index of each
pack. That takes a few minutes for a million objects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from itertools import islice

import msgspec

from collage_lambda.originals.owned_pack import OwnedMember
from collage_lambda.originals.scrub import PackScrubber
from collage_lambda.originals.shared_pack import SharedIndex
from collage_lambda.prefetch.cover_pack import PackIndex
from collage_lambda.shares import is_shared_key
from ops_dashboard.erase.bucket import Bucket, Document, Version
from ops_dashboard.erase.documents import is_document, redact
from ops_dashboard.erase.packs import Packs
from ops_dashboard.erase.report import UNREADABLE_PACKS, UNREADABLE_RECORDS
from ops_dashboard.erase.subject import Subject, kind_of
from stream_ingest.contracts.errors import DecodeError, TransientError
from stream_ingest.contracts.naming import split_window_id

PACKS_PREFIX = "prefetched/"
PREFETCHED = "prefetched covers"
SHARES = "shares of packs of originals"
LINES = "lines in documents"
VERSIONS = "old versions of documents"
_ROUNDS = 5
_AT_ONCE = 500


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Which objects are the creator's."""

    before: int | None
    """Windows from this number on are newer than the erasure; None for a rehearsal."""
    keys: frozenset[str] = frozenset()
    """Objects that the table names; those of several windows are not the creator's alone."""

    def covers(self, number: int) -> bool:
        """Return whether a window of this number is erased."""
        return self.before is None or number < self.before


class StoredFiles:
    """The objects of one creator in one stack's buckets."""

    def __init__(  # noqa: PLR0913 - the composition root names each part once
        self,
        *,
        who: Subject,
        output: Bucket,
        temp: Bucket,
        covers: PackScrubber[PackIndex],
        originals: PackScrubber[SharedIndex],
        threads: Executor,
    ) -> None:
        """Read several documents at once, in `threads`.

        `covers` and `originals` scrub the two kinds of packs.
        """
        self._who, self._output, self._temp = who, output, temp
        self._covers, self._originals = Packs(temp, covers), Packs(temp, originals)
        self._threads = threads

    def work(self, scope: Scope, *, remove: bool) -> Counter[str]:
        """Return the number of things that are the creator's, by kind; with `remove`, remove them.

        `UNREADABLE_RECORDS` and `UNREADABLE_PACKS` count what cannot be decoded. Safe to repeat.
        """
        found: Counter[str] = Counter()
        for bucket in (self._output, self._temp):
            versions = bucket.versions()
            while part := list(islice(versions, _AT_ONCE)):
                found += self._own_objects(bucket, part, scope, remove=remove)
                shared = [each for each in part if not each.is_marker]
                for counts in self._threads.map(
                    lambda version, bucket=bucket: self._shared(
                        bucket, version, scope, remove=remove
                    ),
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

    def _shared(
        self, bucket: Bucket, version: Version, scope: Scope, *, remove: bool
    ) -> Counter[str]:
        """Return, and remove, what is the creator's in an object about several creators."""
        if bucket is self._temp:
            try:
                return self._pack(version, scope, remove=remove)
            except DecodeError:
                return Counter({UNREADABLE_PACKS: 1})
        return self._document(version, remove=remove) if is_document(version.key) else Counter()

    def _pack(self, version: Version, scope: Scope, *, remove: bool) -> Counter[str]:
        if version.key.startswith(PACKS_PREFIX):
            count = self._covers.work(
                version, lambda member: member.creator == self._who.name, remove=remove
            )
            return Counter({PREFETCHED: count})
        if is_shared_key(version.key):
            count = self._originals.work(
                version, lambda member: owns_share(member, self._who, scope), remove=remove
            )
            return Counter({SHARES: count})
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


def owned(versions: Iterable[Version], who: Subject, scope: Scope) -> Iterator[Version]:
    """Yield the versions and delete markers of the creator's own objects. Pure."""
    for version in versions:
        number = who.window_of(version.key)
        is_old = number is not None and scope.covers(number)
        if is_old or (version.key in scope.keys and not is_shared_key(version.key)):
            yield version


def owns_share(member: OwnedMember, who: Subject, scope: Scope) -> bool:
    """Return whether a share of a pack has the creator's originals. Pure."""
    return member.creator == who.name and scope.covers(split_window_id(member.window)[1])
