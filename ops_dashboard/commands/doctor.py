"""Options and help of ``ops-dashboard doctor``. Edge (command line)."""

from __future__ import annotations

from typing import Annotated

import typer

from stream_ingest.cli import options
from stream_ingest.cli.groups import Work

DOCTOR_EXAMPLES = """Examples:

  ops-dashboard doctor --stack prod

  ops-dashboard doctor --stack prod --all

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
    every: Annotated[
        bool, typer.Option("--all", help="Show what each check found, also those that passed.")
    ] = False,
    json: options.Json = False,
) -> Work:
    """Check account, clock, every part of the stack, and database; show how to fix what is wrong.

    The exit code is 1 if anything is wrong. Nothing is changed.
    """
    from ops_dashboard.doctor.command import DatabaseOptions, show_doctor

    database = DatabaseOptions(
        mysql=mysql, mysql_secret=mysql_secret, mysql_ca=mysql_ca, table=table, columns=columns
    )

    def work() -> None:
        if not show_doctor(stack, database, json=json, every=every):
            raise typer.Exit(1)

    return work
