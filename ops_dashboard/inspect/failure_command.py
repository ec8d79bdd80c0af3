"""``ops-dashboard failures``. Edge: the composition root."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from pathlib import Path

import msgspec
from rich.table import Table

from ops_dashboard.inspect.discards import Discards
from ops_dashboard.inspect.failure import Failure
from ops_dashboard.inspect.failure_sheet import FailureSheet
from ops_dashboard.inspect.failures import (
    FailureFilter,
    FailureList,
    FailurePage,
    FailureTotals,
    Totals,
)
from ops_dashboard.inspect.named import Named
from ops_dashboard.inspect.refused_rows import RefusedRows
from ops_dashboard.inspect.window_pages import WindowPages
from ops_dashboard.printing.colours import status_text
from ops_dashboard.printing.tables import counted, table_of
from ops_dashboard.printing.terminal import print_json, print_table
from stream_ingest.aws import clients
from stream_ingest.aws.stack import load_stack
from stream_ingest.cli.terminal import say
from stream_ingest.cli.whole_file import whole_file


class FailureOutput(msgspec.Struct, frozen=True, kw_only=True):
    """How to show failures."""

    limit: int | None
    """Maximum number; None for the default of the kind of output."""
    after: str | None
    totals: bool
    """Whether the first page has the totals of all that match."""
    csv: bool
    out: Path | None
    json: bool


class ShownFailures(FailurePage, frozen=True, kw_only=True):
    """Some failures, and if they are wanted the totals of all that match, as programs get them."""

    totals: FailureTotals | None


_ROWS = 50


def show_failures(
    stack: str, wanted: FailureFilter, batch_id: str | None, output: FailureOutput
) -> None:
    """Print failures, or write them as CSV; raises `NotFoundError` for an unknown batch."""
    session = clients.session()
    outputs = load_stack(clients.parameters(session), stack)
    dynamodb = session.client("dynamodb", config=clients.CONFIG)
    if batch_id is not None:
        Named(dynamodb, outputs.table_name, stack, outputs.names_case).check_batch(batch_id)
    s3 = session.client("s3", config=clients.CONFIG)
    failures = FailureList(
        WindowPages(dynamodb, outputs.table_name),
        RefusedRows(s3, outputs.output_bucket),
        Discards(dynamodb, outputs.table_name),
        with_totals=output.totals,
    )
    if output.csv or output.out:
        _write(failures, wanted, output)
        return
    page = _filled(failures, wanted, output.limit or _ROWS, output.after)
    totals = failures.totals(wanted) if output.totals and output.after is None else None
    if output.json:
        print_json(ShownFailures(failures=page.failures, next=page.next, totals=totals))
        return
    if page.failures:
        print_table(failure_table(page.failures))
    elif page.next is None:
        say("no failures")
    if totals is not None and page.failures:
        print_table(totals_table(totals))
    if page.next is not None:
        say(f"there are more: --after {page.next}")


def _filled(
    failures: FailureList, wanted: FailureFilter, limit: int, after: str | None
) -> FailurePage:
    """Return `limit` failures, from as many pages as that takes."""
    page = failures.list_page(wanted, limit=limit, after=after)
    found = page.failures
    while page.next is not None and len(found) < limit:
        page = failures.list_page(wanted, limit=limit - len(found), after=page.next)
        found = [*found, *page.failures]
    return FailurePage(failures=found, next=page.next)


def _write(failures: FailureList, wanted: FailureFilter, output: FailureOutput) -> None:
    with whole_file(output.out) as file:
        sheet = FailureSheet(file)
        count, by_reason = 0, Counter[str]()
        for count, failure in enumerate(islice(failures.every(wanted), output.limit), 1):  # noqa: B007 - the number of the last
            sheet.add(failure)
            by_reason.update(failure.reasons.keys())
    reasons = ", ".join(f"{each:,} {reason}" for reason, each in by_reason.most_common())
    place = f" to {output.out}" if output.out else ""
    say(f"{counted(count, 'failure')} written{place}{f': {reasons}' if reasons else ''}")


def failure_table(failures: list[Failure]) -> Table:
    """Return a table of failures, one per row."""
    columns = ("window or row", "status", "images", "at (UTC)", "batch", "retry", "reasons")
    rows = [(*_place(each), "may help" if each.passing else "no", _why(each)) for each in failures]
    return table_of(columns, rows, spare=("at (UTC)", "images", "batch"))


def totals_table(totals: FailureTotals) -> Table:
    """Return a table of the windows and rows that match, by reason."""
    windows, rows = totals.windows, totals.rows
    by_reason = Counter(windows.by_reason)
    by_reason.update(rows.by_reason)
    lines = [
        (reason, windows.by_reason.get(reason), rows.by_reason.get(reason))
        for reason, _ in by_reason.most_common()
    ]
    return table_of(
        ("reason", "windows", "refused rows"), [*lines, ("all", *map(_total, (windows, rows)))]
    )


def _total(totals: Totals) -> object:
    return totals.total if totals.complete else f"at least {totals.total:,}"


def _place(failure: Failure) -> tuple[object, ...]:
    if (window := failure.window) is not None:
        images = f"{window.images_ok} of {window.image_count}"
        at = window.closed_at[:19].replace("T", " ")
        return window.window_id, status_text(window.status), images, at, window.batch_id
    row = failure.row
    if row is None:
        return "", None, None, None, None
    at = row.stored_at[:19].replace("T", " ")
    return f"row of {row.creator or '?'}", status_text("refused"), None, at, row.batch_id


def _why(failure: Failure) -> str:
    reasons = ", ".join(f"{count} {reason}" for reason, count in failure.reasons.items())
    if failure.row is not None:
        return ": ".join(filter(None, (failure.row.reason, failure.row.detail)))
    error = failure.window.error if failure.window else None
    return f"{error} ({reasons})" if error else reasons
