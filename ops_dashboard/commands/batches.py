"""Options and help of ``ops-dashboard batches``. Edge (command line)."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

from ops_dashboard.commands.shared import After, AsCsv, Limit, Out, refuse_together
from stream_ingest.cli import options
from stream_ingest.cli.groups import Work
from stream_ingest.contracts.triggers import Trigger
from stream_ingest.sources.timerange import between

BATCHES_EXAMPLES = """Examples:

  ops-dashboard batches --outcome problems --from last_7_days

  ops-dashboard batches --trigger s3-trigger --limit 10 --json

  ops-dashboard batches --from 2026-11-01 --to 2026-12-01 --out november.csv
"""


class Outcome(StrEnum):
    """What became of batches; `ops_dashboard.inspect.batches.batch_filter` says what each is."""

    OPEN = "open"
    PROBLEMS = "problems"
    SENDING = "sending"
    PROCESSING = "processing"
    BUILDING = "building"
    ENDING = "ending"
    ENDED = "ended"
    FAILED = "failed"
    REFUSED = "refused"
    NOTHING_NEW = "nothing-new"
    ALL_REFUSED = "all-refused"
    REJECTED = "rejected"
    ABANDONED = "abandoned"
    UNREADABLE = "unreadable"


def batches(  # noqa: PLR0913 - one parameter for each option
    *,
    outcome: Annotated[
        Outcome | None,
        typer.Option(
            metavar="OUTCOME", help=f"Only batches with this outcome: {', '.join(Outcome)}."
        ),
    ] = None,
    trigger: Annotated[
        Trigger | None,
        typer.Option(
            metavar="TRIGGER", help=f"Only batches of this trigger: {', '.join(Trigger)}."
        ),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Only those that started at or after this time: a date, a date and"
            " time (UTC), today, yesterday, last_7_days, last_24_hours.",
        ),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Only those that started before this time.")
    ] = None,
    limit: Limit = None,
    after: After = None,
    csv: AsCsv = False,
    out: Out = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """List batches with their outcomes and figures, newest first."""
    from ops_dashboard.inspect.batches.batch_command import show_batches, write_batches
    from ops_dashboard.inspect.batches.batch_filter import batch_filter

    since, until = between(start, end, datetime.now(UTC))
    wanted = batch_filter(outcome=outcome, trigger=trigger, since=since, until=until)
    if csv or out:
        refuse_together(json, after)
        return partial(write_batches, stack, wanted, limit=limit, path=out)
    return partial(show_batches, stack, wanted, limit=limit or 50, after=after, json=json)
