"""``ops-dashboard batches``. Edge: the composition root."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from ops_dashboard.inspect.batches.batch_filter import BatchFilter
from ops_dashboard.inspect.batches.batch_pages import PAGE, BatchPage, BatchPages
from ops_dashboard.inspect.batches.batch_rows import BatchRow
from ops_dashboard.inspect.batches.batch_sheet import BatchSheet
from ops_dashboard.inspect.batches.batch_tables import batch_table
from ops_dashboard.inspect.batches.batch_windows import BatchWindows
from ops_dashboard.printing.tables import counted
from ops_dashboard.printing.terminal import print_json, print_table
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli.terminal import say
from stream_ingest.cli.whole_file import whole_file

_AT_ONCE = 8
"""Number of batches whose windows are read at the same time."""


def show_batches(
    stack: str, wanted: BatchFilter, *, limit: int, after: str | None, json: bool
) -> None:
    """Print batches, newest first; raises `UserError` for an invalid cursor."""
    pages = open_pages(stack)
    found: list[BatchRow] = []
    while True:  # a page may have found less than it may show
        page = pages.list_page(wanted, limit=min(limit - len(found), PAGE), after=after)
        found, after = [*found, *page.batches], page.next
        if len(found) >= limit or after is None:
            break
    if json:
        print_json(BatchPage(batches=found, next=after))
        return
    if not found:
        say("no such batches")
        return
    print_table(batch_table([row.progress for row in found]))
    if after is not None:
        say(f"there are more: --after {after}")


def write_batches(stack: str, wanted: BatchFilter, *, limit: int | None, path: Path | None) -> None:
    """Write batches as CSV to a file, or to stdout; by default all."""
    pages = open_pages(stack)
    with whole_file(path) as file:
        sheet = BatchSheet(file)
        count = 0
        for count, row in enumerate(islice(pages.every(wanted), limit), 1):  # noqa: B007 - the number of the last
            sheet.add(row)
    say(f"{counted(count, 'batch', 'batches')} written{f' to {path}' if path else ''}")


def open_pages(stack: str) -> BatchPages:
    """Return the batches of a deployed stack, each with the figures of all its windows."""
    session = clients.session()
    outputs = load_stack(clients.parameters(session), stack)
    dynamodb = session.client("dynamodb", config=clients.CONFIG)
    return BatchPages(
        dynamodb,
        outputs.table_name,
        windows=BatchWindows(dynamodb, outputs.table_name),
        summary=lambda _: None,
        threads=ThreadPoolExecutor(_AT_ONCE, "batches"),
        pages_per_batch=sys.maxsize,
    )
