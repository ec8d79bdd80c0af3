"""Options and help of ``ops-dashboard failures``. Edge (command line)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer

from collage_lambda.reasons import FailureReason
from ops_dashboard.commands.shared import AsCsv, End, Out, Start, refuse_together
from stream_ingest.cli import options
from stream_ingest.cli.groups import Work
from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.timerange import between

FAILURES_EXAMPLES = """Examples:

  ops-dashboard failures --from last_24_hours

  ops-dashboard failures --batch 20261121-030512-9f3a --passing

  ops-dashboard failures --reason expired --out expired.csv
"""


def failures(  # noqa: PLR0913 - one parameter for each option
    *,
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
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Maximum number of rows; default: 50, and all with --csv."),
    ] = None,
    after: Annotated[
        str | None,
        typer.Option(metavar="CURSOR", help="Continue an earlier listing at its cursor."),
    ] = None,
    csv: AsCsv = False,
    out: Out = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """List partial and failed windows with their reasons, newest first."""
    from ops_dashboard.inspect.command import show_windows, write_windows
    from ops_dashboard.inspect.window_filter import NO_REASON, WindowFilter

    reasons = (*FailureReason, NO_REASON)
    if reason is not None and reason not in reasons:
        msg = f"--reason {reason}: expected {', '.join(sorted(reasons))}"
        raise UserError(msg)
    since, until = between(start, end, datetime.now(UTC))
    wanted = WindowFilter(
        batch_id=batch,
        creator_part=creator,
        since=since,
        until=until,
        has_failures=True,
        reason=reason,
        passing=passing,
    )
    if csv or out:
        refuse_together(json, after)
        return partial(write_windows, stack, wanted, limit=limit, path=out)
    return partial(show_windows, stack, wanted, limit=limit or 50, after=after, json=json)
