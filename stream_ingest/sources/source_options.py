"""The choice of a source and of its rows, and the source itself. Edge (Secrets Manager)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from stream_ingest.aws import clients
from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.csv_file import CsvSource
from stream_ingest.sources.mysql import MySqlSource
from stream_ingest.sources.mysql_connection import MySqlAddress, parse_address
from stream_ingest.sources.mysql_secret import secret_address
from stream_ingest.sources.source import CSV_COLUMNS, MYSQL_COLUMNS, Source, parse_columns
from stream_ingest.sources.timerange import LAST_PUSH, TimeRange, parse_range


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
