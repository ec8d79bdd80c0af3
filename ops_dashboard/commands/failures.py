"""Options and help of ``ops-dashboard failures``. Edge (command line)."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from ops_dashboard.commands.shared import After, AsCsv, End, Limit, Out, Start, refuse_together
from stream_ingest.cli import options
from stream_ingest.cli.groups import Work
from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.timerange import between

FAILURES_EXAMPLES = """Examples:

  ops-dashboard failures --from last_24_hours

  ops-dashboard failures --batch 20261121-030512-9f3a --passing

  ops-dashboard failures --reason expired --out expired.csv
"""


class What(StrEnum):
    """Kinds of failures."""

    WINDOWS = "windows"
    ROWS = "rows"


def failures(  # noqa: PLR0913 - one parameter for each option
    *,
    what: Annotated[
        What | None,
        typer.Option(metavar="KIND", help="Only windows, or only rows (that were refused)."),
    ] = None,
    batch: Annotated[str | None, typer.Option(help="Only failures of this batch.")] = None,
    creator: Annotated[
        str | None,
        typer.Option(metavar="PART", help="Only creators with this in their names."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Only failures with this reason, such as timed_out.")
    ] = None,
    passing: Annotated[
        bool | None,
        typer.Option(
            "--passing/--final", help="Only failures that a retry may help, or that none helps."
        ),
    ] = None,
    start: Start = None,
    end: End = None,
    limit: Limit = None,
    after: After = None,
    totals: Annotated[
        bool,
        typer.Option(help="Count all that match by reason, which takes longer than the first."),
    ] = True,
    csv: AsCsv = False,
    out: Out = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """List windows with failures and refused rows, with their reasons, newest first."""
    from ops_dashboard.inspect.failure_command import FailureOutput, show_failures
    from ops_dashboard.inspect.failures import FailureFilter
    from ops_dashboard.inspect.refused_rows import RefusedFilter
    from ops_dashboard.inspect.window_filter import WINDOW_REASONS, WindowFilter
    from stream_ingest.batches.batch_id import check_batch_id
    from stream_ingest.records.rows import RefusalReason

    if csv or out:
        refuse_together(json, after)
    if reason is not None and reason not in {*WINDOW_REASONS, *RefusalReason}:
        msg = f"--reason {reason}: expected {', '.join(sorted({*WINDOW_REASONS, *RefusalReason}))}"
        raise UserError(msg)
    if batch is not None:
        check_batch_id(batch)
    since, until = between(start, end, datetime.now(UTC))
    windows = WindowFilter(
        batch_id=batch,
        creator_part=creator,
        since=since,
        until=until,
        has_failures=True,
        reason=reason,
        passing=passing,
    )
    rows = RefusedFilter(
        batch_id=batch,
        creator_part=creator,
        since=since,
        until=until,
        reason=reason,
        passing=passing,
    )
    wanted = FailureFilter(
        windows=windows if what is not What.ROWS and reason in {None, *WINDOW_REASONS} else None,
        rows=rows if what is not What.WINDOWS and reason in {None, *RefusalReason} else None,
    )
    output = FailureOutput(limit=limit, after=after, totals=totals, csv=csv, out=out, json=json)
    return partial(show_failures, stack, wanted, batch, output)
