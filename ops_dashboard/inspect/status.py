"""``ops-dashboard status``: progress of batches, once or until they end. Edge (terminal)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain, islice, takewhile
from typing import TYPE_CHECKING

import msgspec
from rich.live import Live
from rich.table import Table

from ops_dashboard.inspect.batches.unreadable_batch import unreadable_batch
from ops_dashboard.inspect.photo_counts import photo_table, read_photo_counts
from ops_dashboard.printing.colours import outcome_text
from ops_dashboard.printing.tables import duration_text, table_of
from ops_dashboard.printing.terminal import console, print_json, print_table
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.batches.outcome import outcome_of
from stream_ingest.batches.progress import ENDED_BATCHES, OPEN_BATCHES, BatchProgress
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import NotFoundError, UnreadableItemError
from stream_ingest.contracts.timestamps import iso_second

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_EVERY_S = 2.0
_SPARE = ("trigger", "rows read", "refused", "took", "accepted", "collages", "started (UTC)")
"""Columns of the list that a narrow terminal leaves out, the first one first."""
Progress = BatchProgress | list[BatchProgress]


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """When batches were started: at `since` or later, and before `until`, as sortable text."""

    since: str = ""
    until: str = "9"

    def is_reached(self, entry: tuple[str, str]) -> bool:
        """Return whether this batch, and so older ones, may be in the range."""
        return entry[0] >= self.since

    def includes(self, entry: tuple[str, str]) -> bool:
        """Return whether this batch is in the range."""
        return self.since <= entry[0] < self.until


ALWAYS = Started()


def started_between(since: datetime | None, until: datetime | None) -> Started:
    """Return the range of two times, each of which may be open."""
    return Started(
        since=iso_second(since) if since else ALWAYS.since,
        until=iso_second(until) if until else ALWAYS.until,
    )


class StatusOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to show, and how."""

    batch_id: str | None = None
    last: int = 20
    """Number of batches that ended."""
    since: datetime | None = None
    until: datetime | None = None
    watch: bool = False
    json: bool = False


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

    def latest(self, ended: int | None = None, started: Started = ALWAYS) -> list[BatchProgress]:
        """Return every open batch, then the last `ended` ones (None for all), newest first.

        Of those only that were started in the range. Costs a query of each batch that is open or
        was not read before.
        """
        in_status = (self._registry.started_in(status) for status in OPEN_BATCHES)
        open_ = list(filter(started.includes, chain.from_iterable(in_status)))
        newest = takewhile(started.is_reached, self._registry.newest_in(ENDED_BATCHES))
        ended_ones = islice(filter(started.includes, newest), ended)
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


def show_status(stack: str, wanted: StatusOptions) -> None:
    """Print one batch's progress, or that of all open batches and the `last` that ended.

    Without `batch_id`, as text, also the photos of a stack that renders some.
    With `watch`, print it again whenever it changes: one batch until it has ended, all batches
    until Ctrl-C.
    """
    session = clients.session()
    outputs = load_stack(clients.parameters(session), stack)
    dynamodb: DynamoDBClient = session.client("dynamodb", config=clients.CONFIG)
    reader = ProgressReader(BatchRegistry(dynamodb, outputs.table_name, time.time), stack)

    batch_id, started = wanted.batch_id, started_between(wanted.since, wanted.until)

    def read() -> Progress:
        return reader.latest(wanted.last, started) if batch_id is None else reader.find(batch_id)

    if not wanted.watch:
        _print(read(), json=wanted.json)
        if outputs.photos is not None and batch_id is None and not wanted.json:
            print_table(photo_table(read_photo_counts(session, outputs.photos)))
    elif batch_id is not None:
        _watch(changes(read, time.sleep), json=wanted.json)
    else:
        try:
            _watch(changes(read, time.sleep), json=wanted.json)
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
    columns = (
        *("batch", "outcome", "started (UTC)", "took", "rows read", "accepted", "refused"),
        *("collages", "trigger"),
    )
    rows = [
        (
            batch.batch_id,
            outcome_text(outcome_of(batch)),
            _minute(batch.started_at),
            _took(batch),
            batch.rows_read,
            batch.rows_accepted,
            sum(batch.refused.values()),
            f"{batch.collages:,} of {batch.windows:,}",
            batch.trigger,
        )
        for batch in batches
    ]
    return table_of(columns, rows, spare=_SPARE)


def _minute(time: str | None) -> str | None:
    return time and time[:16].replace("T", " ")


def _took(batch: BatchProgress) -> str | None:
    """Return the time from the start of a batch to its last collage; None until it has ended."""
    end = batch.built_at or batch.sent_at
    if not batch.ended or batch.started_at is None or end is None:
        return None
    started = datetime.fromisoformat(batch.started_at)
    return duration_text((datetime.fromisoformat(end) - started).total_seconds())


def progress_table(batch: BatchProgress) -> Table:
    """Return a table of one batch, one figure per row."""
    rows: list[tuple[str, object]] = [
        ("trigger", batch.trigger),
        ("source", batch.source or "unknown"),
        ("outcome", outcome_text(outcome_of(batch))),
        ("status", batch.status),
        *_times(batch),
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


def _times(batch: BatchProgress) -> list[tuple[str, object]]:
    """Return when a batch started, was sent and had its last collage, in UTC. Pure."""
    facts = [
        ("started (UTC)", batch.started_at),
        ("last row sent (UTC)", batch.sent_at),
        ("last collage (UTC)", batch.built_at),
        ("took", _took(batch)),
    ]
    return [(name, value[:19].replace("T", " ")) for name, value in facts if value is not None]


def _unusual_end(batch: BatchProgress) -> list[tuple[str, object]]:
    """Return why a batch was rejected, when and by whom abandoned, what is missing. Pure."""
    facts: list[tuple[str, object]] = [
        ("rejected", batch.rejected),
        ("abandoned at", batch.abandoned_at),
        ("abandoned by", batch.abandoned_by),
        ("end marks missing", batch.marks_missing or None),
    ]
    return [(name, value) for name, value in facts if value is not None]
