"""The dead letters of one stack, from queues and buckets. Edge (SQS, S3)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count, islice
from types import MappingProxyType

import msgspec

from ops_dashboard.recovery.dead_letter_queues import DeadLetterQueues, Receiver
from ops_dashboard.recovery.dead_letters import DeadLetter
from ops_dashboard.recovery.failed_records import FailedRecords
from stream_ingest.aws.failed_objects import KINDS
from stream_ingest.contracts.errors import NotFoundError

LIMIT = 1_000
"""Dead letters of a kind that are listed by default."""
Report = Callable[[int], None]
"""Called with the number of dead letters that were read so far."""
Read = Callable[[Iterator[DeadLetter]], list[DeadLetter]]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Dead letters, and how many there are beside them."""

    letters: list[DeadLetter]
    remaining: dict[str, int] = {}
    """By kind: above the limit, or being read by somebody else at the time. SQS's numbers are
    approximate."""


class Letters:
    """Lists and finds dead letters, without changing them."""

    def __init__(self, queues: DeadLetterQueues, records: FailedRecords) -> None:
        """Read these queues and objects."""
        self._queues, self._records = queues, records

    def listing(
        self, limit: int = LIMIT, report: Report = lambda _: None, *, as_counted: bool = False
    ) -> Listing:
        """Return up to `limit` dead letters of each kind, the oldest first; 0 is no limit.

        With `as_counted`, a queue is not read any more once as many were received as SQS counts,
        which is up to a minute late. Otherwise each queue is read until a receive has waited for
        `WAIT_S` in vain, also an empty one.
        """
        counts = self._counts()

        def read(letters: Iterator[DeadLetter]) -> list[DeadLetter]:
            return sorted(islice(letters, limit or None), key=_by_age)

        by_kind = self._of_kinds(counts, read, report, counts if as_counted else {})
        remaining = {kind: counts[kind] - len(letters) for kind, letters in by_kind.items()}
        return Listing(
            letters=[each for letters in by_kind.values() for each in letters],
            remaining={kind: number for kind, number in remaining.items() if number > 0},
        )

    def find(self, names: Collection[str], report: Report = lambda _: None) -> list[DeadLetter]:
        """Return the dead letters of these refs or ids; raises `NotFoundError` if one is missing.

        Also raises it if a ref is that of several dead letters.
        """

        def read(letters: Iterator[DeadLetter]) -> list[DeadLetter]:
            return [each for each in letters if each.is_named_by(names)]

        by_kind = self._of_kinds((*self._queues.kinds, *KINDS), read, report)
        found = [each for letters in by_kind.values() for each in letters]
        check_found(names, found)
        return found

    def _of_kinds(
        self,
        kinds: Collection[str],
        read: Read,
        report: Report,
        enough: Mapping[str, int] = MappingProxyType({}),
    ) -> dict[str, list[DeadLetter]]:
        """Return what `read` returns of the dead letters of each kind, all kinds at once."""
        progress = count(1)
        with self._queues.received() as receiver, _threads() as threads:

            def letters(kind: str) -> Iterator[DeadLetter]:
                for letter in self._letters(kind, receiver, enough.get(kind)):
                    report(next(progress))
                    yield letter
                    if receiver.is_stopped:
                        return

            try:
                found = threads.map(lambda kind: read(letters(kind)), kinds)
                return dict(zip(kinds, found, strict=True))
            except BaseException:  # above all Ctrl-C: the threads must not go on
                receiver.is_stopped = True
                raise

    def _letters(self, kind: str, receiver: Receiver, enough: int | None) -> Iterator[DeadLetter]:
        if kind in KINDS:
            return iter(()) if enough == 0 else self._records.dead_letters(kind)
        return (message.dead_letter for message in receiver.messages(kind, enough))

    def _counts(self) -> dict[str, int]:
        """Return the number of dead letters by kind: queues first."""
        with _threads() as threads:
            queues = {kind: partial(self._queues.count, kind) for kind in self._queues.kinds}
            objects = {kind: partial(self._records.count, kind) for kind in KINDS}
            every = {**queues, **objects}
            return dict(zip(every, threads.map(lambda ask: ask(), every.values()), strict=True))


def _threads() -> ThreadPoolExecutor:
    """Return threads, so that the empty queues are waited for at the same time."""
    return ThreadPoolExecutor(10, thread_name_prefix="letters")


def check_found(names: Collection[str], found: Collection[DeadLetter]) -> None:
    """Raise `NotFoundError` unless each name is that of exactly one dead letter."""
    for name in names:
        named = [each for each in found if each.is_named_by((name,))]
        if not named:
            msg = f"no dead letter {name}; `ops-dashboard dlq list` lists them"
            raise NotFoundError(msg)
        if len(named) > 1:
            ids = ", ".join(each.id for each in named)
            msg = f"{name} is the short id of several dead letters: give one of {ids}"
            raise NotFoundError(msg)


def _by_age(letter: DeadLetter) -> tuple[str, str]:
    return letter.when, letter.id
