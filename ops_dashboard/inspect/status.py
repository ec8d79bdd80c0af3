"""``ops-dashboard status``: progress of batches, once or until they end. Edge (terminal)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from rich.live import Live
from rich.table import Table

from ops_dashboard.inspect.photo_counts import photo_table, read_photo_counts
from ops_dashboard.inspect.unreadable_batch import unreadable_batch
from ops_dashboard.printing.tables import table_of
from ops_dashboard.printing.terminal import console, print_json, print_table
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.batches.outcome import outcome_of
from stream_ingest.batches.progress import ENDED_BATCHES, OPEN_BATCHES, BatchProgress
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import NotFoundError, UnreadableItemError

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_EVERY_S = 2.0
Progress = BatchProgress | list[BatchProgress]


class ProgressReader:
    """Reads progress of batches; one that has ended is read once (only a replay changes it)."""

    def __init__(self, registry: BatchRegistry, stack: str) -> None:
        """Read the batches of `stack`."""
        self._registry, self._stack = registry, stack
        self._ended: dict[str, BatchProgress] = {}

    def find(self, batch_id: str) -> BatchProgress:
        """Return one batch's progress; raises `NotFoundError` if there is no such batch."""
        progress = self._registry.progress(batch_id)
        if progress is None:
            msg = (
                f"no batch {batch_id!r} in stack {self._stack!r}; `ops-dashboard status` lists them"
            )
            raise NotFoundError(msg)
        return progress

    def latest(self, ended: int | None = None) -> list[BatchProgress]:
        """Return every open batch, then the last `ended` ones (None for all), newest first.

        Costs a query of each batch that is open or was not read before.
        """
        open_ = [each for status in OPEN_BATCHES for each in self._registry.started_in(status)]
        ended_ones = islice(self._registry.newest_in(ENDED_BATCHES), ended)
        ids = [batch_id for _, batch_id in (*sorted(open_, reverse=True), *ended_ones)]
        found = map(self._progress, dict.fromkeys(ids))  # a batch may end between the two queries
        return [each for each in found if each is not None]

    def _progress(self, batch_id: str) -> BatchProgress | None:
        if batch_id in self._ended:
            return self._ended[batch_id]
        try:
            progress = self._registry.progress(batch_id)
        except UnreadableItemError as error:
            return unreadable_batch(error)
        if progress is not None and progress.status in ENDED_BATCHES:
            self._ended[batch_id] = progress
        return progress


def show_status(*, stack: str, batch_id: str | None, last: int, watch: bool, json: bool) -> None:
    """Print one batch's progress, or that of all open batches and the `last` that ended.

    Without `batch_id`, as text, also the photos of a stack that renders some.
    With `watch`, print it again whenever it changes: one batch until it has ended, all batches
    until Ctrl-C.
    """
    session = clients.session()
    outputs = load_stack(clients.parameters(session), stack)
    dynamodb: DynamoDBClient = session.client("dynamodb", config=clients.CONFIG)
    reader = ProgressReader(BatchRegistry(dynamodb, outputs.table_name, time.time), stack)

    def read() -> Progress:
        return reader.latest(last) if batch_id is None else reader.find(batch_id)

    if not watch:
        _print(read(), json=json)
        if outputs.photos is not None and batch_id is None and not json:
            print_table(photo_table(read_photo_counts(session, outputs.photos)))
    elif batch_id is not None:
        _watch(changes(read, time.sleep), json=json)
    else:
        try:
            _watch(changes(read, time.sleep), json=json)
        except KeyboardInterrupt:  # the only way to end it
            return


def changes(read: Callable[[], Progress], wait: Callable[[float], None]) -> Iterator[Progress]:
    """Yield the progress whenever it has changed; ends when the batch has ended."""
    before: Progress | None = None
    while True:
        current = read()
        if current != before:
            yield current
            before = current
        if isinstance(current, BatchProgress) and current.ended:
            return
        wait(_EVERY_S)


def _watch(updates: Iterator[Progress], *, json: bool) -> None:
    screen = console()
    if json or not screen.is_terminal:
        for each in updates:
            _print(each, json=json)
        return
    with Live(console=screen, auto_refresh=False) as live:
        for each in updates:
            live.update(_table(each), refresh=True)


def _print(progress: Progress, *, json: bool) -> None:
    if json:
        print_json(progress)
    else:
        print_table(_table(progress))


def _table(progress: Progress) -> Table:
    return batch_table(progress) if isinstance(progress, list) else progress_table(progress)


def batch_table(batches: list[BatchProgress]) -> Table:
    """Return a table of batches, one per row."""
    columns = ("batch", "trigger", "outcome", "rows read", "accepted", "refused", "collages")
    rows = [
        (
            batch.batch_id,
            batch.trigger,
            outcome_of(batch).text,
            batch.rows_read,
            batch.rows_accepted,
            sum(batch.refused.values()),
            f"{batch.collages:,} of {batch.windows:,}",
        )
        for batch in batches
    ]
    return table_of(columns, rows)


def progress_table(batch: BatchProgress) -> Table:
    """Return a table of one batch, one figure per row."""
    rows: list[tuple[str, object]] = [
        ("trigger", batch.trigger),
        ("source", batch.source or "unknown"),
        ("outcome", outcome_of(batch).text),
        ("status", batch.status),
        *_unusual_end(batch),
        ("rows read", batch.rows_read),
        ("rows accepted", batch.rows_accepted),
        *((f"refused: {reason}", count) for reason, count in batch.refused.items()),
        ("windows closed", batch.windows),
        *(
            (f"windows {status}", count)
            for status, count in sorted(batch.windows_by_status.items())
        ),
        ("images in collages", batch.images_ok),
        ("images failed", batch.images_failed),
        ("images waiting in open windows", batch.open_images),
        ("ended", "yes" if batch.ended else "no"),
        *(("note", note) for note in batch.notes),
    ]
    return table_of(("figure", "value"), rows, title=f"batch {batch.batch_id}")


def _unusual_end(batch: BatchProgress) -> list[tuple[str, object]]:
    """Return why a batch was rejected, when and by whom abandoned, what is missing. Pure."""
    facts: list[tuple[str, object]] = [
        ("rejected", batch.rejected),
        ("abandoned at", batch.abandoned_at),
        ("abandoned by", batch.abandoned_by),
        ("end marks missing", batch.marks_missing or None),
    ]
    return [(name, value) for name, value in facts if value is not None]
