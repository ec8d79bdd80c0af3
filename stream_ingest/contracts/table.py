"""The layout of the DynamoDB table: keys, indexes, attributes, statuses. Pure.

There is one table. Partition key `creator_name` holds a creator key (`naming.creator_key`, so never
a ``#``) or begins with a kind: ``batch#<id>``, ``prefetched#<pack>``; sort key `item` names the
kind of item:

====================  =================  =========================================================
creator_name          item               content
====================  =================  =========================================================
<creator key>         state              the creator's aggregate: open windows, dedup memory, tally
<creator key>         window#000012      status, counts and output keys of one window (small)
<creator key>         images#000012      the window's WindowReady detail, compressed
<creator key>         content#<sha256>   the window that shows an image's bytes (`contentDedup`)
content#<sha256>      creators           creators of an image that repeats, as hashes
batch#<id>            batch              a batch: settings, status, counts of rows
batch#<id>            tally#<creator>    a creator's tally of an earlier batch, once spilled
batch#<id>            intake             the intake's job state for the batch's file
push#<source>         last               the watermark of the pushes of one MySQL table
prefetched#<pack>     prefetched         members of a pack in S3 that open windows still need
table#                numbering          when the table was created, lowest window number
table#                files              how far the sweeper's search for unread files has come
deferred#<creator>    record#<sequence>  rows that wait until their creator's state can be read
unreadable#<0 to 7>   <key> <item>       an item that cannot be read, and why
runs#                 <time> <kind>      a replay, a retry or an upload: owner, state, figures
run#<name>            windows#000000     a hundred windows of a run, as they were before it
discarded#            <hash>             when somebody discarded a failed window or a refused row
====================  =================  =========================================================

The state of an erased creator is emptied and has `erased_at`. An image list is put before its
window, so one may be stored without it (`BARRED`). Nothing reads it: the next window of that number
replaces it, or it expires.

Indexes: `batch-id-index` (batch_id, item), `status-date-index` (status, processing_date), and the
sparse `due-index` (due_shard, due_at) of the items that the sweeper has to process.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

PARTITION_KEY = "creator_name"
SORT_KEY = "item"
TTL_ATTRIBUTE = "expires_at"

BATCH_INDEX = "batch-id-index"
STATUS_INDEX = "status-date-index"
DUE_INDEX = "due-index"
DUE_SHARDS = 8

CLOSED_AT = "processing_date"
"""When a window closed, or a batch was registered: ``2026-11-28T10:11:12Z``, so that
`status-date-index` sorts by it. Items of older versions have the date alone, which sorts before all
times of its day; their windows have the time as ``closed_at`` (see the function)."""

_ENDS = (
    "creator",
    "image_count",
    "images_ok",
    "images_failed",
    "failures",
    "error",
    "completed_at",
    "duration_ms",
    "bytes_downloaded",
    "collage_bytes",
    "collage_key",
    "request_id",
)
"""Attributes of a window that both indexes on windows project. Each move of a window's status
rewrites its entries, so they cost no write unit as long as an entry is below 1 KB."""
BATCH_INDEX_ATTRIBUTES = (*_ENDS, "status", CLOSED_AT, "source")
"""Attributes that `batch-id-index` projects besides keys: enough for a batch's status and for the
list of its windows. A fold changes none of them, so it causes no write to the index."""
STATUS_INDEX_ATTRIBUTES = (*_ENDS, "window_id", "batch_id")
"""Attributes that `status-date-index` projects besides keys: what became of the windows that closed
at some time, without reading the table."""

TALLY_ATTRIBUTES = ("accepted", "duplicates", "windows", "blocked", "open_images")
"""Attributes of a creator's state, or of a spilled tally, that the batch counter adds up."""

STATE = "state"
BATCH = "batch"
INTAKE = "intake"
LAST_PUSH = "last"
PREFETCHED = "prefetched"
NUMBERING = "numbering"
FILES = "files"
DISCARDED_PARTITION = "discarded#"
"""Partition key of the failures that were discarded (`ops_dashboard.inspect.discards`)."""
NUMBERING_PARTITION = "table#"
"""Partition key of what concerns the table, or the stack, as a whole."""
RUNS_PARTITION = "runs#"
"""Partition key of all runs (`ops_dashboard.recovery.runs`)."""
DEFERRED = "record"
"""Beginning of the sort keys of deferred records."""
FIRST_WINDOW = "window#"
"""In `batch-id-index` it sorts after all other items of a batch and before its windows."""


def window_item(number: int) -> str:
    """Return the sort key of a window's status item."""
    return f"window#{number:06d}"


def window_number(sort_key: str) -> int:
    """Return the number in the sort key of a window's item; `ValueError` if there is none."""
    return int(sort_key.partition("#")[2])


def images_item(number: int) -> str:
    """Return the sort key of a window's image list."""
    return f"images#{number:06d}"


def tally_item(key: str) -> str:
    """Return the sort key of a creator's spilled tally within a batch's partition."""
    return f"tally#{key}"


def batch_partition(batch_id: str) -> str:
    """Return the partition key of a batch's items."""
    return f"batch#{batch_id}"


def batch_of(partition: str) -> str:
    """Return the id of the batch whose partition key this is."""
    return partition.removeprefix("batch#")


def pack_partition(pack: str) -> str:
    """Return the partition key of the item of a pack of prefetched covers."""
    return f"prefetched#{pack}"


def deferred_partition(key: str) -> str:
    """Return the partition key of the records that wait for a creator's state."""
    return f"deferred#{key}"


def deferred_item(sequence: int, first: int) -> str:
    """Return the sort key of rows that wait, from position `first`; it sorts as the stream does."""
    return f"{DEFERRED}#{sequence:064d}#{first:020d}"


def unreadable_partition(partition: str) -> str:
    """Return the partition key of the list's part with the unreadable items of a partition."""
    return f"unreadable#{zlib.crc32(partition.encode()) % DUE_SHARDS}"


def run_item(name: str) -> str:
    """Return the sort key of a run, ``20261129T101112-123456 replay``, which sorts by time.

    A name consists of the kind and the time: ``replay-20261129T101112-123456``. Other names, which
    replays have that are started without us, are those of no item.
    """
    kind, _, time = name.partition("-")
    return f"{time} {kind}"


def run_partition(name: str) -> str:
    """Return the partition key of the windows of a run."""
    return f"run#{name}"


def run_page(page: int) -> str:
    """Return the sort key of a page of a run's windows."""
    return f"windows#{page:06d}"


def item_key(partition: str, sort: str) -> str:
    """Return the key of an item as one text: ``charli state``, ``batch#b-1 batch``."""
    return f"{partition} {sort}"


def closed_at(window: Mapping[str, object]) -> str:
    """Return when a window closed, as ISO 8601 in UTC, from its item.

    Midnight of its day for an item that an older version made from a replayed event.
    """
    if "closed_at" in window:
        return str(window["closed_at"])
    moment = str(window[CLOSED_AT])
    return moment if "T" in moment else f"{moment}T00:00:00+00:00"


def content_item(sha256: str) -> str:
    """Return the sort key of a creator's image by its bytes."""
    return f"content#{sha256}"


def content_partition(sha256: str) -> str:
    """Return the partition key of an image that repeats."""
    return f"content#{sha256}"


def due_shard(key: str) -> str:
    """Return a creator's shard of the due index, ``due#0`` to ``due#7``, which avoids a hot key."""
    return f"due#{zlib.crc32(key.encode()) % DUE_SHARDS}"


ABANDONED_REASON = "abandoned"
"""The reason under which the images of a window are counted that no worker finished."""


class WindowStatus(StrEnum):
    """Life of a window. Each arrow has one writer.

    ``ready`` (windowing, in the creator's transaction) → ``queued`` (emitter, once the bus has it)
    → ``processing`` (collage, holding a lease) → ``completed`` (all images), ``partial`` (some
    cells empty) or ``failed`` (no image at all, or dead-lettered).

    The attribute ``status`` stays ``ready`` until the window ends, and ``stage`` says how far it
    is, so that these moves write no index (`window_status`). Older versions wrote all into it.
    """

    READY = "ready"
    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"


ENDED = frozenset({WindowStatus.COMPLETED, WindowStatus.PARTIAL, WindowStatus.FAILED})
"""Terminal statuses: only a replay or a retry changes them."""

OPEN = tuple(status for status in WindowStatus if status not in ENDED)
"""Statuses of windows that have not ended, in the order of their life."""
WAITING = "waiting"
"""Stands for all statuses of `OPEN` in what is read from an index alone. No item has it."""
STAGE = "stage"
"""Attribute of a window that has not ended, in its item only: ``queued`` or ``processing``."""

BARRED = "barred"
"""Attribute of an item that stands in place of an image list while a writer may live that read the
state from before its creator was erased. The item has only its key and `TTL_ATTRIBUTE` besides."""

UNREADABLE = "unreadable"
"""Stands beside statuses: the item of the window cannot be read. No item has it."""

COLLAGES = (WindowStatus.COMPLETED, WindowStatus.PARTIAL)
"""Statuses of a window that has a collage."""


def window_status(window: Mapping[str, Any]) -> str:
    """Return the status of a window from its item; an index shows `WAITING` or how it ended."""
    status = window["status"]
    return str(window.get(STAGE, status)) if status == WindowStatus.READY else status


def stored_statuses(status: WindowStatus) -> tuple[WindowStatus, ...]:
    """Return what the attribute ``status`` of a window in a status may be.

    For one that has not ended ``ready``, or what an older version wrote.
    """
    if status in ENDED:
        return (status,)
    return tuple(dict.fromkeys((WindowStatus.READY, status)))


def index_status(entry: Mapping[str, Any]) -> str:
    """Return the status of a window from its entry in an index: `WAITING`, or how it ended."""
    status = str(entry["status"])
    return WAITING if status in OPEN else status


def collage_status(images_ok: int, image_count: int) -> WindowStatus:
    """Return the status of a window whose collage has `images_ok` of its images."""
    return WindowStatus.COMPLETED if images_ok >= image_count else WindowStatus.PARTIAL
