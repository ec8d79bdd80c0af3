"""A chunk of a batch: records that are checkpointed and then sent together. Edge.

(It is a value, but its totals belong to the table's edge.)
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from stream_ingest.batches.registry import Totals
from stream_ingest.records.packer import OutgoingRecord
from stream_ingest.sources.source import Cursor


class Chunk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Records that are sent together, and the state of the push after them."""

    records: tuple[OutgoingRecord, ...]
    numbers: tuple[int, ...]
    """The next record's number, for each bucket."""
    cursor: Cursor | None
    """None before the first row and in the chunk of end marks."""
    totals: Totals
    """Rows read, refused and, with this chunk, sent."""
    refused_parts: int
    rows_again: int = 0
    """Of the rows read, those in the overlap."""
    ends: bool = False
    """Whether these are the end marks, after which no row follows."""


class Journal(Protocol):
    """Where a push writes each chunk before it is sent."""

    def write(self, chunk: Chunk | None) -> None:
        """Store `chunk` in place of the previous one."""


class NoJournal:
    """For a push that starts over if it is interrupted."""

    def write(self, chunk: Chunk | None) -> None:
        """Store nothing."""
