"""Options and help of ``ops-dashboard doctor``. Edge (command line)."""

from __future__ import annotations

import typer

from ops_dashboard.doctor.command import DatabaseOptions, show_doctor
from stream_ingest.cli import options

EXAMPLES = """Examples:

  ops-dashboard doctor --stack prod

  ops-dashboard doctor --mysql mysql://user:password@host:3306/tiktok_creator
"""


def doctor(  # noqa: PLR0913 - one parameter for each option
    *,
    stack: options.Stack = "dev",
    mysql: options.Mysql = None,
    mysql_secret: options.MysqlSecret = None,
    mysql_ca: options.MysqlCa = None,
    table: options.Table = "videos_links",
    columns: options.ColumnNames = None,
    json: options.Json = False,
) -> None:
    """Check credentials, clock, stack and database, and show how to fix what is wrong."""
    database = DatabaseOptions(
        mysql=mysql, mysql_secret=mysql_secret, mysql_ca=mysql_ca, table=table, columns=columns
    )
    if not show_doctor(stack, database, json=json):
        raise typer.Exit(1)
