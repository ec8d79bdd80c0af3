"""How batches are doing, for a person or a program. Edge (DynamoDB, terminal)."""

from __future__ import annotations

import sys
import time

import msgspec
from rich.console import Console
from rich.table import Table

from stream_ingest import aws
from stream_ingest.batches import BatchRegistry
from stream_ingest.errors import UserError
from stream_ingest.progress import BatchProgress
from stream_ingest.stack import load_stack

_STATUSES = ("sending", "sent", "flushed", "ended")


def show_status(*, stack: str, batch_id: str | None, json: bool) -> None:
    """Print one batch's progress, or every batch's, as a table or as JSON on stdout."""
    session = aws.session()
    outputs = load_stack(session.client("ssm", config=aws.CONFIG), stack)
    dynamodb = session.client("dynamodb", config=aws.CONFIG)
    registry = BatchRegistry(dynamodb, outputs.table_name, time.time)
    if batch_id is None:
        batches = every_progress(registry)
        _print(batches if json else batch_table(batches), json=json)
        return
    progress = registry.progress(batch_id)
    if progress is None:
        msg = f"no batch {batch_id!r} in stack {stack!r}; `ops-dashboard status` lists them"
        raise UserError(msg)
    _print(progress if json else progress_table(progress), json=json)


def every_progress(registry: BatchRegistry) -> list[BatchProgress]:
    """Return the progress of every batch in the table, newest id first."""
    ids = sorted({each for status in _STATUSES for each in registry.ids_in(status)}, reverse=True)
    found = (registry.progress(batch_id) for batch_id in ids)
    return [progress for progress in found if progress is not None]


def batch_table(batches: list[BatchProgress]) -> Table:
    """Return a table of batches, a line each."""
    table = Table("batch", "trigger", "status", "rows read", "accepted", "refused", "collages")
    for batch in batches:
        table.add_row(
            batch.batch_id,
            batch.trigger,
            batch.status,
            f"{batch.rows_read:,}",
            f"{batch.rows_accepted:,}",
            f"{sum(batch.refused.values()):,}",
            f"{batch.collages:,} of {batch.windows:,}",
        )
    return table


def progress_table(batch: BatchProgress) -> Table:
    """Return a table of one batch, a line a figure."""
    table = Table("figure", "value", title=f"batch {batch.batch_id}")
    table.add_row("trigger", batch.trigger)
    table.add_row("status", batch.status)
    table.add_row("rows read", f"{batch.rows_read:,}")
    table.add_row("rows accepted", f"{batch.rows_accepted:,}")
    for reason, count in batch.refused.items():
        table.add_row(f"refused: {reason}", f"{count:,}")
    table.add_row("windows closed", f"{batch.windows:,}")
    for status, count in sorted(batch.windows_by_status.items()):
        table.add_row(f"windows {status}", f"{count:,}")
    table.add_row("images in collages", f"{batch.images_ok:,}")
    table.add_row("images failed", f"{batch.images_failed:,}")
    table.add_row("images waiting in open windows", f"{batch.open_images:,}")
    table.add_row("ended", "yes" if batch.ended else "no")
    return table


def _print(result: BatchProgress | list[BatchProgress] | Table, *, json: bool) -> None:
    if json:
        sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    else:
        Console().print(result)
