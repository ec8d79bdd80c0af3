"""What each function may update in the table: partitions, and names of attributes. Pure.

Roles get these lists as the conditions ``dynamodb:LeadingKeys`` and ``dynamodb:Attributes``, so an
update that names another attribute is denied. AWS counts the key, and each attribute in an update
expression or in a condition of the update. A new attribute is added here first; `tests/faults`
compares the lists with what the functions write.

A role changes before its function's code. So an attribute that the code stops writing stays here
for one more release.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from stream_ingest.contracts import table

KEY = (table.PARTITION_KEY, table.SORT_KEY)


class Partitions(StrEnum):
    """Kinds of partitions, by the pattern of their keys; only a creator's has no ``#``."""

    CREATORS = ""
    BATCHES = "batch#*"
    CONTENTS = "content#*"
    PACKS = "prefetched#*"
    NUMBERING = "table#*"
    DEFERRED = "deferred#*"
    UNREADABLE = "unreadable#*"
    RUNS = "runs#"
    RUN_WINDOWS = "run#*"
    PUSHES = "push#*"
    DISCARDED = "discarded#"


class Updates(msgspec.Struct, frozen=True):
    """The updates of one kind of item by one function."""

    partitions: Partitions
    names: tuple[str, ...]
    """Names in its updates and their conditions, apart from the key."""
    also: tuple[Partitions, ...] = ()
    """Kinds of items that are updated in one transaction with these. They share a statement, as AWS
    does not say whether it judges such updates one by one."""

    @property
    def attributes(self) -> tuple[str, ...]:
        """All names that AWS sees in such a request."""
        return (*KEY, *self.names)


_QUEUE = ("status", "stage", "due_at", "emissions", "lease_until")
_LEASE = ("lease_owner", "lease_until", "due_shard", "due_at")
_TALLY = ("batch_id", "creator", "accepted", "duplicates", "windows", "blocked", "expires_at")

QUEUED_WINDOWS = Updates(Partitions.CREATORS, _QUEUE)
"""By the windowing function: `window_lifecycle.queue`."""
FOLDED_BATCHES = Updates(Partitions.BATCHES, (*_TALLY, "drained", "delivery_ended_at"))
"""By the windowing function: tallies of earlier batches, and ends of buckets."""
UNREADABLE_ITEMS = Updates(
    Partitions.UNREADABLE, ("of_partition", "of_item", "reason", "found_at", "times", "expires_at")
)
"""By the sweeper: the list of items that cannot be read."""
MARKED_STATES = Updates(
    Partitions.CREATORS,
    ("deferred_at", "version", *UNREADABLE_ITEMS.names),
    also=(Partitions.UNREADABLE,),
)
"""By the windowing function: states that cannot be read, whose rows wait, and that list."""

SWEPT_WINDOWS = Updates(
    Partitions.CREATORS,
    (
        *("status", "stage", "attempts", "emissions", *_LEASE),
        *("error", "failures", "images_ok", "images_failed", "completed_at"),
    ),
)
"""By the sweeper: `window_lifecycle.queue`, `abandon`, `fail_unreadable` and `restore`."""
SWEPT_BATCHES = Updates(
    Partitions.BATCHES,
    (
        *(*_TALLY, "status", "counted", "is_final", "sent_at", "delivery_ended_at"),
        *("abandoned_at", "abandoned_by", "updated_at"),
    ),
)
"""By the sweeper: tallies, counts, the status of batches, and that their time is over."""

BUILT_WINDOWS = Updates(
    Partitions.CREATORS,
    (
        *("status", "stage", "attempts", *_LEASE, "replayed_as", "kept_because", "request_id"),
        *("window_id", "creator", "batch_id", "trigger", "processing_date", "image_count"),
        *("images_ok", "images_failed", "failures", "error", "completed_at", "duration_ms"),
        *("bytes_downloaded", "collage_bytes", "collage_key", "collage_sha256"),
        *("thumbnail_key", "metadata_key", "originals_key"),
    ),
)
"""By the collage function: `window_lifecycle.claim`, `finish`, `keep_collage` and `release`."""
ERASURES = Updates(Partitions.CREATORS, ("erased_at",))
"""Checked, not written, by the collage function before it creates a window's item."""
SHOWN_CONTENTS = Updates(Partitions.CREATORS, ("window", "closed_at", "expires_at"))
"""By the collage function of a stack with `contentDedup`."""
REPEATED_CONTENTS = Updates(Partitions.CONTENTS, ("creators", "recognised_at", "expires_at"))
"""By the collage function: creators of an image that repeats."""

RELEASED_PACKS = Updates(Partitions.PACKS, ("waiting", "expires_at"))
"""By the collage and the prefetch function."""

SENT_BATCHES = Updates(
    Partitions.BATCHES,
    (
        *("rows_read", "rows_sent", "refused", "status", "remarks", "rejected"),
        *("sent_at", "updated_at"),
        *("holder", "held_until", "claim", "phase", "outcome"),
        *("chunks", "position", "line", "trouble"),
    ),
)
"""By the intake: its batches' figures, and the jobs that read their files."""
