"""Options that several commands share. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Mysql = Annotated[
    str | None,
    typer.Option(
        "--mysql",
        envvar="MYSQL_URL",
        show_envvar=True,
        help="Database: mysql://USER:PASSWORD@HOST/NAME",
        rich_help_panel="Source",
    ),
]
MysqlSecret = Annotated[
    str | None,
    typer.Option(
        "--mysql-secret",
        envvar="MYSQL_SECRET_ID",
        show_envvar=True,
        help="Name or ARN of a Secrets Manager secret with the credentials, and with host, port"
        " and database unless --mysql has them.",
        rich_help_panel="Source",
    ),
]
MysqlCa = Annotated[
    Path | None,
    typer.Option(
        "--mysql-ca",
        envvar="MYSQL_SSL_CA",
        show_envvar=True,
        help="File with the certificates of the authorities that may have signed the server's.",
        rich_help_panel="Source",
    ),
]
Timezone = Annotated[
    str | None,
    typer.Option(
        metavar="ZONE",
        help="Zone of times that are written without one: Europe/Berlin, +08:00; default UTC.",
        rich_help_panel="Source",
    ),
]
RowsPerSecond = Annotated[
    int | None,
    typer.Option(
        "--rows-per-second",
        min=1,
        metavar="N",
        help="Read MySQL no faster than this, to spare the server.",
        rich_help_panel="Source",
    ),
]
Table = Annotated[
    str, typer.Option(help="Table to read: TABLE or DATABASE.TABLE.", rich_help_panel="Source")
]
Csv = Annotated[
    Path | None,
    typer.Option(
        "--csv",
        help="Read this file (creator_name,cover_url,created_at) instead of MySQL.",
        rich_help_panel="Source",
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        help="Only rows created at or after this time: a date, a date and time (UTC), today,"
        " yesterday, last_7_days, last_24_hours; a range of dates such as 2025-01-01..2025-01-31;"
        " or last_push (what earlier pushes have not read).",
        rich_help_panel="Rows",
    ),
]
Until = Annotated[
    str | None,
    typer.Option(help="Only rows created before this time.", rich_help_panel="Rows"),
]
Creator = Annotated[
    list[str] | None,
    typer.Option(
        "--creator", help="Only rows of this creator; may be repeated.", rich_help_panel="Rows"
    ),
]
ColumnNames = Annotated[
    str | None,
    typer.Option(
        "--columns",
        help="Column names other than the defaults: creator=NAME,cover=NAME,created_at=NAME",
        rich_help_panel="Source",
    ),
]
Dates = Annotated[
    str | None,
    typer.Option(
        "--dates",
        metavar="KIND",
        help="How to read dates that could mean two days: day-first or month-first (01/02/2025);"
        " excel or excel-1904 for numbers of days (45676.5). An order and a kind of numbers may be"
        " given with a comma between.",
        rich_help_panel="Source",
    ),
]
Stack = Annotated[str, typer.Option(envvar="COVERSTREAM_STACK", help="Deployed stack.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
BatchId = Annotated[
    str | None, typer.Option(help="Name of the batch; generated if it is not given.")
]
Wait = Annotated[
    bool, typer.Option("--wait", help="Wait until every window of the batch has ended.")
]
