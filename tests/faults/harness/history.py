"""A history: what happens to the pipeline, as data, so that every run of it is the same.

Steps refer to batches, lanes and messages by numbers, modulo how many exist. So any list of steps
is valid, and a failing one can be shortened step by step.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from stream_ingest.contracts.identity import image_identity
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.contracts.timestamps import from_epoch_ms
from stream_ingest.records.rows import CoverRow, RowRefusal, admit
from stream_ingest.windowing.rules.deadlines import AHEAD_S, SAFE_TIME_S
from tests.fakes.ingest.rows import NOW_S, cover_url, header
from tests.faults.harness.aws.mapping import FOR_EVER
from tests.faults.harness.files.steps import FilePlan, FileStep
from tests.faults.harness.injector import Fault
from tests.faults.harness.mysql.steps import MysqlPlan, MysqlStep
from tests.faults.harness.push_process import Batch

CREATORS = ("ann", "ben #1", "Zoë")
"""In three of the four buckets, on both shards."""
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    "@{}".format,
    "\u00a0{}\u200b ".format,
    partial(unicodedata.normalize, "NFD"),
)
"""Ways in which rows name one creator."""
EXPIRING_EVERY = 5
LIFE_S = 6 * 3_600
"""Signed URLs live for at least six hours (docs/facts.md#url-expiry)."""
_FIRST_EXPIRY = -(-(NOW_S + LIFE_S) // 3_600) * 3_600
Faults = tuple[Fault, ...]


def cover(creator: int, number: int, batch: int, first_expiry: int = _FIRST_EXPIRY) -> CoverRow:
    """Return a row of an image; each batch has its own URL for the same image."""
    spelling, url, created_at_ms = raw_cover(creator, number, batch, first_expiry)
    row = admit(spelling, url, from_epoch_ms(created_at_ms), NOW_S)
    if isinstance(row, RowRefusal):
        raise TypeError(row)
    return row


def raw_cover(
    creator: int, number: int, batch: int, first_expiry: int = _FIRST_EXPIRY
) -> tuple[str, str, int]:
    """Return creator, URL and epoch milliseconds of a row, as a source has them."""
    expires = first_expiry if number % EXPIRING_EVERY == EXPIRING_EVERY - 1 else None
    url = cover_url(number, expires=expires, signature=f"batch{batch}", extension=".jpeg")
    url = url if expires else f"{url}?refresh={batch}"
    spelling = SPELLINGS[(number + batch) % len(SPELLINGS)](CREATORS[creator % len(CREATORS)])
    return spelling, url, 1_790_000_000_000 + number


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
        """Return the batch to push. The quality depends on the window size, so that layouts
        differ."""
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
    """A batch's producer runs for some actions, or until it dies."""

    batch: int
    actions: int = 1
    faults: Faults = ()


@dataclass(frozen=True)
class Abandon:
    """A person abandons a batch; a chunk that was under way arrives after that if `late`."""

    batch: int
    late: bool = False
    faults: Faults = ()


@dataclass(frozen=True)
class Rival:
    """Another push begins under the id of a batch; it must be refused."""

    batch: int


@dataclass(frozen=True)
class Deliver:
    """The mapping invokes the function `times` times; faults apply to the first invocation."""

    lane: int
    times: int = 1
    faults: Faults = ()


@dataclass(frozen=True)
class Redeliver:
    """The mapping redelivers records, cut into two pieces."""

    lane: int
    start: int
    length: int
    cut: int = 0
    faults: Faults = ()


@dataclass(frozen=True)
class Sweep:
    """The sweeper runs: for a drained batch, if there is one (`drained`), or for everything."""

    drained: bool = False
    faults: Faults = ()


@dataclass(frozen=True)
class Work:
    """A collage worker is invoked `times` times; faults apply to the first invocation."""

    which: int = 0
    times: int = 1
    faults: Faults = ()
    together: int = 1
    """Maximum number of messages in an invocation."""


@dataclass(frozen=True)
class RedeliverMessage:
    """SQS redelivers an earlier message, handled or not."""

    which: int
    faults: Faults = ()


@dataclass(frozen=True)
class Prefetch:
    """A prefetcher handles a request, or an earlier one `again`."""

    which: int = 0
    again: bool = False
    faults: Faults = ()


@dataclass(frozen=True)
class Wait:
    """Time passes."""

    seconds: int


@dataclass(frozen=True)
class Replay:
    """The archive is replayed in an order that depends on `seed`."""

    seed: int


@dataclass(frozen=True)
class Resume:
    """One of the paused processes continues."""

    which: int


@dataclass(frozen=True)
class Poison:
    """A record that cannot be decoded reaches the stream."""

    lane: int
    kind: int


@dataclass(frozen=True)
class Spoil:
    """A record that a producer sends next, after `others`, arrives without its last byte."""

    others: int


@dataclass(frozen=True)
class Corrupt:
    """A creator's state becomes unreadable, in one of several ways (`harness.corruption`)."""

    which: int
    way: int


@dataclass(frozen=True)
class Heal:
    """One of the unreadable states becomes readable: a newer release is back, or a repair."""

    which: int


@dataclass(frozen=True)
class ToggleImage:
    """An image becomes unavailable, or available again."""

    image: int


@dataclass(frozen=True)
class IndexLag:
    """The table's indexes lag for some items (by `seed`) until the clock advances."""

    seed: int


Step = (
    Push
    | Abandon
    | Rival
    | Deliver
    | Redeliver
    | Sweep
    | Work
    | RedeliverMessage
    | Prefetch
    | Wait
    | Replay
    | Resume
    | Poison
    | Spoil
    | Corrupt
    | Heal
    | ToggleImage
    | IndexLag
    | MysqlStep
    | FileStep
)


@dataclass(frozen=True)
class History:
    """Batches and the steps that happen to them."""

    batches: tuple[BatchPlan, ...]
    steps: tuple[Step, ...] = ()
    gone: frozenset[int] = frozenset()
    """Images that are never available."""
    keep_originals: bool = True
    prefetch: bool = False
    """Whether covers about to expire are prefetched; if so, some are about to at the start."""
    contents: bool = False
    """Whether images are compared by their bytes across windows; if so, many share theirs."""
    files: tuple[FilePlan, ...] = ()
    """Files that somebody may drop."""
    file_receives: int = 3
    """Receipts after which the message of a file becomes a dead letter."""
    mysql: MysqlPlan | None = None
    """A MySQL table that is pushed and followed, if there is one."""
    batch_size: int = 4
    parallelization: int = 1
    max_retries: int = FOR_EVER
    max_record_age_s: int = FOR_EVER

    @property
    def first_expiry(self) -> int:
        """When the first signed URLs expire (epoch seconds)."""
        return NOW_S + AHEAD_S + SAFE_TIME_S if self.prefetch else _FIRST_EXPIRY
