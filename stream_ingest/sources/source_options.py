"""The choice of a source and of its rows, and the source itself. Edge (Secrets Manager)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from stream_ingest.aws import clients
from stream_ingest.contracts.creators import CreatorCase
from stream_ingest.contracts.date_form import DateForm, parse_dates
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import parse_duration
from stream_ingest.contracts.triggers import Trigger
from stream_ingest.contracts.zones import parse_zone
from stream_ingest.sources.creator_filter import CreatorFilter
from stream_ingest.sources.csv_file import CsvSource
from stream_ingest.sources.mysql.address import MySqlAddress, parse_address
from stream_ingest.sources.mysql.secret import secret_address
from stream_ingest.sources.mysql.table import MySqlSource
from stream_ingest.sources.source import (
    CSV_COLUMNS,
    MYSQL_COLUMNS,
    Selection,
    Source,
    parse_columns,
    parse_table,
)
from stream_ingest.sources.timerange import LAST_PUSH, TimeRange, parse_range

DEFAULT_OVERLAP = timedelta(days=1)


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
    creator_case: CreatorCase = CreatorCase.KEEP
    """Whether `creators` are compared without regard to case: the stack's setting."""
    overlap: str | None = None
    """How much of what earlier pushes read ``last_push`` reads again; a day if it is not given."""
    move_mark: bool = False
    """Whether ``last_push`` continues after this push even if it leaves rows before it unread."""
    timezone: str | None = None
    """The zone of times that are written without one; UTC if it is None."""
    rows_per_s: int | None = None
    """How many rows of MySQL are read a second at most."""
    mysql_ca: Path | None = None
    """File with the certificates of the authorities that the database's server may have."""
    dates: str | None = None
    """How dates are read that could mean two days (`contracts.date_form.parse_dates`)."""
    uploaded_as: str | None = None
    """Name of the file of which `csv` is a temporary copy."""

    @property
    def trigger(self) -> str:
        """Trigger of a batch from this source."""
        return Trigger.CSV_PUSH if self.csv else Trigger.MYSQL_PUSH

    @property
    def table_name(self) -> str:
        """The table without the name of its database."""
        return parse_table(self.table)[1]

    def address(self) -> MySqlAddress:
        """Return the address of the table's database; raises `UserError` if none was given."""
        return address_of(self.mysql, self.mysql_secret, self.table, self.mysql_ca)

    def check(self, now: datetime) -> None:
        """Raise `UserError` for invalid dates or columns and options that exclude each other."""
        self.within(now, None)
        self.overlap_span()
        parse_zone(self.timezone)
        if self.csv is None:
            parse_table(self.table)
        parse_columns(self.columns, CSV_COLUMNS)
        parse_dates(self.dates)
        if self.csv is None:
            self.address()
        elif self.since == LAST_PUSH:
            msg = "--since last_push is for MySQL: a CSV file has no last push"
            raise UserError(msg)

    def overlap_span(self) -> timedelta:
        """Return the overlap; raises `UserError` if it is no duration, or given without need."""
        if self.overlap is None:
            return DEFAULT_OVERLAP
        if self.since != LAST_PUSH:
            msg = "--overlap is for --since last_push: it is what that reads again"
            raise UserError(msg)
        seconds = 0 if self.overlap.strip() == "0" else parse_duration(self.overlap)
        return timedelta(seconds=seconds)

    def within(self, now: datetime, last_push: datetime | None) -> TimeRange:
        """Return the requested range of created_at."""
        return parse_range(self.since, self.until, now, last_push)

    @property
    def date_form(self) -> DateForm:
        """How dates are read that do not say it themselves."""
        return msgspec.structs.replace(parse_dates(self.dates), timezone=self.timezone)

    def source(self, within: TimeRange) -> Source:
        """Return the source of the requested rows."""
        if self.csv:
            columns = parse_columns(self.columns, CSV_COLUMNS)
            return CsvSource(
                self.csv,
                columns,
                within=within,
                creators=CreatorFilter(self.creators, self.creator_case),
                dates=self.date_form,
            )
        return self.mysql_source(Selection(within=within, creators=tuple(self.creators)))

    def mysql_source(self, selection: Selection) -> MySqlSource:
        """Return the table as a source of the selected rows."""
        columns = parse_columns(self.columns, MYSQL_COLUMNS)
        selection = msgspec.structs.replace(
            selection, dates=self.date_form, creator_case=self.creator_case
        )
        return MySqlSource(
            self.address(),
            self.table_name,
            columns,
            selection=selection,
            rows_per_s=self.rows_per_s,
        )


def address_of(
    mysql: str | None, mysql_secret: str | None, table: str = "", ca: Path | None = None
) -> MySqlAddress:
    """Return a database's address from its URL and a secret; raises `UserError` without either.

    The database is that of `table`, if it is written as ``database.table``.
    """
    address = _address_of(mysql, mysql_secret)
    if ca is not None:
        address = address.with_parameters(("ssl_ca", str(ca)))
    database = parse_table(table)[0] if table else None
    return msgspec.structs.replace(address, database=database or address.database)


def _address_of(mysql: str | None, mysql_secret: str | None) -> MySqlAddress:
    if mysql_secret:
        secretsmanager = clients.session().client("secretsmanager", config=clients.CONFIG)
        return secret_address(secretsmanager, mysql_secret, mysql)
    if mysql:
        return parse_address(mysql)
    msg = "choose a source: --mysql URL (or MYSQL_URL), --mysql-secret ID, or --csv FILE"
    raise UserError(msg)
