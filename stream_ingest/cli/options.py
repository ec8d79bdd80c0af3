"""Options that several commands share, and what they mean together. Edge: it makes the sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stream_ingest.aws import clients
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import BATCH_END, BatchSettings, FlushPolicy
from stream_ingest.sources.csv_file import CsvSource
from stream_ingest.sources.mysql import MySqlSource
from stream_ingest.sources.mysql_connection import MySqlAddress, parse_address
from stream_ingest.sources.mysql_secret import secret_address
from stream_ingest.sources.source import CSV_COLUMNS, MYSQL_COLUMNS, Source, parse_columns
from stream_ingest.sources.timerange import LAST_PUSH, TimeRange, parse_range

Mysql = Annotated[
    str | None,
    typer.Option(
        "--mysql",
        envvar="MYSQL_URL",
        show_envvar=True,
        help="mysql://user:password@host:port/tiktok_creator",
        rich_help_panel="Source",
    ),
]
MysqlSecret = Annotated[
    str | None,
    typer.Option(
        "--mysql-secret",
        envvar="MYSQL_SECRET_ID",
        show_envvar=True,
        help="Name or ARN of a Secrets Manager secret with the credentials, and the place unless"
        " --mysql tells it.",
        rich_help_panel="Source",
    ),
]
Table = Annotated[str, typer.Option(help="Table to read.", rich_help_panel="Source")]
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
        help="Rows created from this moment on: a date, a date and time (UTC), last_7_days,"
        " or last_push (what came after the last push that ended well).",
        rich_help_panel="Rows",
    ),
]
Until = Annotated[
    str | None,
    typer.Option(help="Rows created before this moment.", rich_help_panel="Rows"),
]
Creator = Annotated[
    list[str] | None,
    typer.Option("--creator", help="Only this creator; may be repeated.", rich_help_panel="Rows"),
]
ColumnNames = Annotated[
    str | None,
    typer.Option(
        "--columns",
        help="Other column names: creator=…,cover=…,created_at=…",
        rich_help_panel="Source",
    ),
]
Stack = Annotated[str, typer.Option(envvar="COVERSTREAM_STACK", help="Deployed stack.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]


class SourceOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where rows come from, and which."""

    mysql: str | None
    mysql_secret: str | None
    table: str
    csv: Path | None
    columns: str | None
    since: str | None
    until: str | None
    creators: Sequence[str]

    @property
    def trigger(self) -> str:
        """The trigger that a push from this source is known by."""
        return "csv-push" if self.csv else "mysql-push"

    def address(self) -> MySqlAddress:
        """Return the database's address; `UserError` where none was given."""
        return address_of(self.mysql, self.mysql_secret)

    def check(self, now: datetime) -> None:
        """Raise `UserError` for bad dates and columns and options that do not go together."""
        self.within(now, None)
        parse_columns(self.columns, CSV_COLUMNS)
        if self.csv is None:
            self.address()
        elif self.since == LAST_PUSH:
            msg = "--since last_push is for MySQL: a CSV file has no last push"
            raise UserError(msg)

    def within(self, now: datetime, last_push: datetime | None) -> TimeRange:
        """Return the range of created_at that is asked for."""
        return parse_range(self.since, self.until, now, last_push)

    def source(self, within: TimeRange) -> Source:
        """Return the source itself."""
        if self.csv:
            columns = parse_columns(self.columns, CSV_COLUMNS)
            return CsvSource(self.csv, columns, within=within, creators=self.creators)
        columns = parse_columns(self.columns, MYSQL_COLUMNS)
        return MySqlSource(
            self.address(), self.table, columns, within=within, creators=self.creators
        )


def address_of(mysql: str | None, mysql_secret: str | None) -> MySqlAddress:
    """Return the address that a URL and a secret's id tell; `UserError` where there is neither."""
    if mysql_secret:
        secretsmanager = clients.session().client("secretsmanager", config=clients.CONFIG)
        return secret_address(secretsmanager, mysql_secret, mysql)
    if mysql:
        return parse_address(mysql)
    msg = "say where the rows are: --mysql URL (or MYSQL_URL), --mysql-secret ID, or --csv FILE"
    raise UserError(msg)


def batch_settings(  # noqa: PLR0913 - one parameter for each option
    *,
    flush: bool,
    flush_policy: FlushPolicy | None,
    rows: int,
    cols: int,
    cell_px: int,
    quality: int,
    background: str,
    images_per_window: int | None,
    debug: bool,
) -> BatchSettings:
    """Return a batch's settings; `UserError` names what is out of range."""
    wanted = {
        "layout": {
            "rows": rows,
            "cols": cols,
            "cell_px": cell_px,
            "quality": quality,
            "background": background.lower(),
        },
        "images_per_window": rows * cols if images_per_window is None else images_per_window,
        "debug": debug,
    }
    try:
        settings = msgspec.convert(wanted, type=BatchSettings)
    except msgspec.ValidationError as error:
        msg = f"collage options: {error}"
        raise UserError(msg) from error
    policy = BATCH_END if flush else flush_policy or settings.flush
    return msgspec.structs.replace(settings, flush=policy)
