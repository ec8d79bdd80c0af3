"""Checks, packs and counts the rows of a push: everything except sending. Edge.

(It has no effects, but the totals that it makes belong to the table's edge.)
"""

from __future__ import annotations

from collections import Counter

import msgspec

from stream_ingest.batches.registry import Totals
from stream_ingest.contracts.creators import CreatorCase
from stream_ingest.contracts.naming import mixed_creator
from stream_ingest.records.codec import BatchHeader
from stream_ingest.records.packer import OutgoingRecord, Packer
from stream_ingest.records.rows import RefusalReason, RowRefusal, admit
from stream_ingest.sources.source import FileSource, Page, Source


class PushReport(msgspec.Struct, kw_only=True):
    """Counts of a push, so far or final."""

    batch_id: str
    rows_read: int = 0
    rows_again: int = 0
    """Of the rows read, those in the overlap, which an earlier push has read, too."""
    rows_sent: int = 0
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    records: int = 0
    """Records with rows, and their bytes; end marks are not counted."""
    bytes: int = 0
    seconds: float = 0.0
    rejected: str | None = None
    """Why no row of a file could be used; None if some could."""

    def totals(self, *, rows_sent: int | None = None) -> Totals:
        """Return the counts for the batch's item, with `rows_sent` if it is given."""
        return Totals(
            rows_read=self.rows_read,
            rows_sent=self.rows_sent if rows_sent is None else rows_sent,
            refused=dict(self.refused),
        )


class CountingPacker:
    """Checks, packs and counts rows: everything of a push except sending."""

    def __init__(self, header: BatchHeader, creator_case: CreatorCase | None = None) -> None:
        """Pack for the batch in `header`.

        `creator_case` is the stack's; None if its functions do not know display names.
        """
        self.records = Packer(header)
        self._case = creator_case or CreatorCase.KEEP
        self._displays = creator_case is not None
        # The name under which rows are windowed if windows mix creators.
        self._group = None if header.settings.group_by_creator else mixed_creator(header.batch_id)
        self.report = PushReport(batch_id=header.batch_id)
        self.refusals: list[RowRefusal] = []
        """Rows refused since the list was last cleared."""

    def add_page(self, page: Page, now_s: int) -> list[OutgoingRecord]:
        """Check and pack the rows of a page; return the records that became full."""
        full = []
        add, group, case = self.records.add, self._group, self._case
        self.report.rows_read += len(page.rows)
        self.report.rows_again += len(page.again)
        for index, row in enumerate(page.rows):
            outcome = admit(*row, now_s, page.form, case)
            if isinstance(outcome, RowRefusal):
                self._refuse(outcome, again=index in page.again)
                continue
            if group is not None:
                outcome = msgspec.structs.replace(outcome, creator=group, display_name="")
            elif outcome.display_name and not self._displays:
                outcome = msgspec.structs.replace(outcome, display_name="")
            if record := add(outcome):
                full.append(record)
        return full

    def _refuse(self, refusal: RowRefusal, *, again: bool) -> None:
        """Count a refused row; it is stored by the push that read it first.

        Most rows that are refused when they are read again were accepted then: URLs expire.
        """
        if again:
            self.report.refused[RefusalReason.READ_AGAIN.value] += 1
            return
        self.report.refused[refusal.reason.value] += 1
        self.refusals.append(refusal)

    def count_sent(self, record: OutgoingRecord) -> None:
        """Count a record that the stream has accepted; the batch's end marks are not counted."""
        if not record.rows:
            return
        self.report.records += 1
        self.report.rows_sent += record.rows
        self.report.bytes += len(record.data)


def rejection(source: Source, report: PushReport) -> str | None:
    """Return why a file is rejected, of which no row was sent; None if it is not.

    A table is never rejected: it may have no new rows.
    """
    if not isinstance(source, FileSource) or report.rows_sent:
        return None
    if source.problem:
        return source.problem
    if not report.rows_read:
        return "the file has a header, but no rows" if source.is_whole else None
    counts = ", ".join(f"{count:,} {reason}" for reason, count in sorted(report.refused.items()))
    if report.rows_read == 1:
        return f"its only row cannot be used ({counts.partition(' ')[2]})"
    return f"none of its {report.rows_read:,} rows can be used ({counts})"
