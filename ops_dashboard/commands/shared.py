"""Options that several listings share, and their checks. Pure.

A listing is newest first and of a range of time, and is a table, JSON or CSV.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stream_ingest.contracts.errors import UserError

Start = Annotated[
    str | None,
    typer.Option(
        "--from",
        help="Only those that closed at or after this time: a date, a date and"
        " time (UTC), today, yesterday, last_7_days, last_24_hours.",
    ),
]
End = Annotated[str | None, typer.Option("--to", help="Only those that closed before this time.")]
Limit = Annotated[
    int | None,
    typer.Option(min=1, help="Maximum number of rows; default: 50, and all with --csv."),
]
After = Annotated[
    str | None, typer.Option(metavar="CURSOR", help="Continue an earlier listing at its cursor.")
]
AsCsv = Annotated[bool, typer.Option("--csv", help="Write all as CSV on stdout.")]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Write all as CSV to this file, which appears when complete."
    ),
]


def refuse_together(json: bool, after: str | None) -> None:  # noqa: FBT001 - an option
    """Raise `UserError` if an option was given that CSV excludes."""
    if json or after:
        msg = "--csv and --out exclude --json and --after: all rows are written"
        raise UserError(msg)
