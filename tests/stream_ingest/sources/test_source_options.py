from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.csv_file import CsvSource
from stream_ingest.sources.mysql.table import MySqlSource
from stream_ingest.sources.source_options import SourceOptions
from stream_ingest.sources.timerange import TimeRange

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def chosen(**changes: Any) -> SourceOptions:  # noqa: ANN401 - any option
    options = {
        "mysql": None,
        "mysql_secret": None,
        "table": "videos_links",
        "csv": None,
        "columns": None,
        "since": None,
        "until": None,
        "creators": (),
    }
    return SourceOptions(**(options | changes))


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({}, "choose a source"),
        ({"mysql": "postgres://x"}, "expected mysql://"),
        ({"csv": Path("a.csv"), "since": "last_push"}, "last_push is for MySQL"),
        ({"csv": Path("a.csv"), "since": "soon"}, "date 'soon'"),
        ({"csv": Path("a.csv"), "columns": "cover"}, "--columns 'cover'"),
    ],
)
def test_invalid_options_are_errors_before_anything_is_done(
    options: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint):
        chosen(**options).check(NOW)


def test_the_source_is_the_file_if_one_is_given() -> None:
    """MYSQL_URL may well be set in the shell of someone who pushes a file."""
    both = chosen(mysql="mysql://u:p@h/db", csv=Path("a.csv"))
    both.check(NOW)
    assert isinstance(both.source(TimeRange()), CsvSource)
    assert both.trigger == "csv-push"


def test_the_source_is_the_table_otherwise() -> None:
    options = chosen(mysql="mysql://u:p@h/db", since="last_push")
    options.check(NOW)
    assert isinstance(options.source(TimeRange()), MySqlSource)
    assert options.trigger == "mysql-push"
