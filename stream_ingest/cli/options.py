"""Options that several commands share, and what they mean together. Edge (it makes the sources)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
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
        help="Name or ARN of a Secrets Manager secret with the credentials, and with host, port"
        " and database unless --mysql has them.",
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
        help="Only rows created at or after this time: a date, a date and time (UTC), last_7_days,"
        " or last_push (after the last push that succeeded).",
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
Stack = Annotated[str, typer.Option(envvar="COVERSTREAM_STACK", help="Deployed stack.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
BatchId = Annotated[
    str | None, typer.Option(help="Name of the batch; generated if it is not given.")
]
Wait = Annotated[
    bool, typer.Option("--wait", help="Wait until every window of the batch has ended.")
]
Rows = Annotated[int, typer.Option(help="Rows of cells.", rich_help_panel="Collage")]
Cols = Annotated[int, typer.Option(help="Columns of cells.", rich_help_panel="Collage")]
CellPx = Annotated[
    int, typer.Option(help="Width and height of a cell in pixels.", rich_help_panel="Collage")
]
Quality = Annotated[int, typer.Option(help="JPEG quality, 1 to 100.", rich_help_panel="Collage")]
Background = Annotated[
    str, typer.Option(help="Colour of empty cells, as #rrggbb.", rich_help_panel="Collage")
]
ImagesPerCollage = Annotated[
    int | None,
    typer.Option(
        help="Maximum number of images per collage; default rows x cols.",
        rich_help_panel="Collage",
    ),
]


class SourceOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where rows come from, and which rows."""

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
        """Trigger of a batch from this source."""
        return "csv-push" if self.csv else "mysql-push"

    def address(self) -> MySqlAddress:
        """Return the database's address; raises `UserError` if none was given."""
        return address_of(self.mysql, self.mysql_secret)

    def check(self, now: datetime) -> None:
        """Raise `UserError` for invalid dates or columns and options that exclude each other."""
        self.within(now, None)
        parse_columns(self.columns, CSV_COLUMNS)
        if self.csv is None:
            self.address()
        elif self.since == LAST_PUSH:
            msg = "--since last_push is for MySQL: a CSV file has no last push"
            raise UserError(msg)

    def within(self, now: datetime, last_push: datetime | None) -> TimeRange:
        """Return the requested range of created_at."""
        return parse_range(self.since, self.until, now, last_push)

    def source(self, within: TimeRange) -> Source:
        """Return the source of the requested rows."""
        if self.csv:
            columns = parse_columns(self.columns, CSV_COLUMNS)
            return CsvSource(self.csv, columns, within=within, creators=self.creators)
        columns = parse_columns(self.columns, MYSQL_COLUMNS)
        return MySqlSource(
            self.address(), self.table, columns, within=within, creators=self.creators
        )


def address_of(mysql: str | None, mysql_secret: str | None) -> MySqlAddress:
    """Return a database's address from its URL and a secret; raises `UserError` without either."""
    if mysql_secret:
        secretsmanager = clients.session().client("secretsmanager", config=clients.CONFIG)
        return secret_address(secretsmanager, mysql_secret, mysql)
    if mysql:
        return parse_address(mysql)
    msg = "choose a source: --mysql URL (or MYSQL_URL), --mysql-secret ID, or --csv FILE"
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
    """Return a batch's settings; raises `UserError` that names an option out of range."""
    values = {
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
        settings = msgspec.convert(values, type=BatchSettings)
    except msgspec.ValidationError as error:
        msg = f"collage options: {error}"
        raise UserError(msg) from error
    policy = BATCH_END if flush else flush_policy or settings.flush
    return msgspec.structs.replace(settings, flush=policy)


def new_batch_id() -> str:
    """Return a new batch id that sorts by time: ``20261121-030512-9f3a``."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
