"""A table with creators and windows, for the readers of ops_dashboard."""

from __future__ import annotations

from collections.abc import Sequence

from stream_ingest.contracts import table
from stream_ingest.contracts.naming import creator_key
from stream_ingest.records.codec import BatchHeader
from stream_ingest.windowing.rules.fold import Arrival, fold
from tests.fakes.ingest.aws import IngestAws
from tests.fakes.ingest.fold import RULES
from tests.fakes.ingest.rows import cover_row


class OpsTable:
    """Fills the table with the pipeline's fold and repository."""

    def __init__(self, aws: IngestAws) -> None:
        self.aws = aws

    def fold(
        self, creator: str, numbers: Sequence[int], batch: BatchHeader, now_s: int | None = None
    ) -> None:
        """Fold covers of one creator at a time in epoch seconds, by default the clock's."""
        moment = int(self.aws.clock()) if now_s is None else now_s
        before = self.aws.store.load([creator_key(creator)])[creator_key(creator)]
        rows = [Arrival(batch, number, cover_row(number, creator)) for number in numbers]
        self.aws.store.commit(before, fold(before, rows, moment, RULES), moment)

    def end(self, window_id: str, status: str, **values: object) -> None:
        """Set a window's status, as the collage function does."""
        key, _, number = window_id.partition(":")
        self.aws.set_item(key, table.window_item(int(number)), status=status, **values)
