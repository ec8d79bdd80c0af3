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

from ops_dashboard.inspect.batches.batch_tables import batch_table, progress_table
from ops_dashboard.inspect.batches.unreadable_batch import unreadable_batch
from ops_dashboard.inspect.photo_counts import photo_table, read_photo_counts
from ops_dashboard.printing.terminal import console, print_json, print_table
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.batches.outcome import with_outcome
from stream_ingest.batches.progress import ENDED_BATCHES, OPEN_BATCHES, BatchProgress
from stream_ingest.batches.registry import BatchRegistry
from stream_ingest.contracts.errors import NotFoundError, UnreadableItemError
from stream_ingest.contracts.timestamps import iso_second

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

_EVERY_S = 2.0
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
    if not json:
        print_table(_table(progress))
    elif isinstance(progress, list):
        print_json(list(map(with_outcome, progress)))
    else:
        print_json(with_outcome(progress))


def _table(progress: Progress) -> Table:
    return batch_table(progress) if isinstance(progress, list) else progress_table(progress)
