"""A history: what happens to the pipeline, as data. It says the same each time that it is played.

Steps name things by numbers that are taken modulo what is there, so any list of steps can be played
and a failing one can be cut down step by step.
"""

from __future__ import annotations

from dataclasses import dataclass

from stream_ingest.contracts.identity import image_identity
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.records.rows import CoverRow
from stream_ingest.windowing.rules.deadlines import AHEAD_S, SAFE_TIME_S
from tests.fakes.ingest.rows import NOW_S, cover_row, cover_url, header
from tests.faults.harness.aws.mapping import FOR_EVER
from tests.faults.harness.injector import Fault
from tests.faults.harness.pushes import Batch

CREATORS = ("ann", "ben #1", "Zoë")
"""Of three different buckets out of four, on both shards."""
EXPIRING_EVERY = 5
LIFE_S = 6 * 3_600
"""Signed URLs live for at least six hours (docs/facts.md#url-expiry)."""
_FIRST_EXPIRY = -(-(NOW_S + LIFE_S) // 3_600) * 3_600
Faults = tuple[Fault, ...]


def cover(creator: int, number: int, batch: int, first_expiry: int = _FIRST_EXPIRY) -> CoverRow:
    """Return a row of an image; two batches bring the same image under different URLs."""
    expires = first_expiry if number % EXPIRING_EVERY == EXPIRING_EVERY - 1 else None
    url = cover_url(number, expires=expires, signature=f"batch{batch}", extension=".jpeg")
    url = url if expires else f"{url}?refresh={batch}"
    return cover_row(number, CREATORS[creator % len(CREATORS)], url)


def identity(number: int) -> str:
    """Return the identity of an image."""
    return image_identity(cover_url(number))


@dataclass(frozen=True)
class BatchPlan:
    """A batch: windows of `images`, its flush policy, its rows as (creator, image)."""

    images: int
    flush: FlushPolicy
    rows: tuple[tuple[int, int], ...]
    chunk_rows: int = 3
    refused: int = 0

    def batch(self, number: int, first_expiry: int = _FIRST_EXPIRY) -> Batch:
        """Return what is pushed. Windows of other sizes have another quality, and do not mix."""
        head = header(
            f"batch-{number}",
            images=self.images,
            flush=self.flush,
            quality=60 + self.images,
            trigger=f"trigger-{number}",
        )
        rows = [cover(creator, image, number, first_expiry) for creator, image in self.rows]
        return Batch(header=head, rows=rows, chunk_rows=self.chunk_rows, refused=self.refused)


@dataclass(frozen=True)
class Push:
    """A batch's producer does the next things: so many, or until it dies."""

    batch: int
    things: int = 1
    faults: Faults = ()


@dataclass(frozen=True)
class Deliver:
    """The mapping delivers a lane's next records, so many times; faults are for the first."""

    lane: int
    times: int = 1
    faults: Faults = ()


@dataclass(frozen=True)
class Again:
    """The mapping delivers records that it has delivered before, cut somewhere."""

    lane: int
    start: int
    length: int
    cut: int = 0
    faults: Faults = ()


@dataclass(frozen=True)
class Sweep:
    """The sweeper runs: for a drained batch where one waits (`drained`), or for everything."""

    drained: bool = False
    faults: Faults = ()


@dataclass(frozen=True)
class Work:
    """A collage worker takes a message, then others; faults are for the first."""

    which: int = 0
    times: int = 1
    faults: Faults = ()


@dataclass(frozen=True)
class WorkAgain:
    """SQS delivers a message that was there before, whether or not it was done."""

    which: int
    faults: Faults = ()


@dataclass(frozen=True)
class Prefetch:
    """A prefetcher takes a request; or one comes `again` that was there before."""

    which: int = 0
    again: bool = False
    faults: Faults = ()


@dataclass(frozen=True)
class Wait:
    """Time passes."""

    seconds: int


@dataclass(frozen=True)
class Replay:
    """The archive is replayed, in an order that `seed` gives."""

    seed: int


@dataclass(frozen=True)
class Resume:
    """One of the processes that were slow goes on."""

    which: int


@dataclass(frozen=True)
class Poison:
    """A record that nobody can read reaches the stream."""

    lane: int
    kind: int


@dataclass(frozen=True)
class Flip:
    """An image cannot be had for now, or can be had again."""

    image: int


@dataclass(frozen=True)
class Lag:
    """The table's indexes fall behind for some items (by `seed`) until time passes."""

    seed: int


Step = (
    Push
    | Deliver
    | Again
    | Sweep
    | Work
    | WorkAgain
    | Prefetch
    | Wait
    | Replay
    | Resume
    | Poison
    | Flip
    | Lag
)


@dataclass(frozen=True)
class History:
    """Two batches and what happens while they are under way."""

    batches: tuple[BatchPlan, ...]
    steps: tuple[Step, ...] = ()
    gone: frozenset[int] = frozenset()
    """Images that can never be had."""
    keep_originals: bool = True
    prefetch: bool = False
    """Whether covers about to expire are prefetched; some are about to from the beginning then."""
    batch_size: int = 4
    parallelization: int = 1
    max_retries: int = FOR_EVER
    max_record_age_s: int = FOR_EVER

    @property
    def first_expiry(self) -> int:
        """When signed URLs begin to die (epoch seconds)."""
        return NOW_S + AHEAD_S + SAFE_TIME_S if self.prefetch else _FIRST_EXPIRY
