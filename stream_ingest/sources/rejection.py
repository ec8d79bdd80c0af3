"""Why a file is rejected, as a small fixed set of reasons: a dimension of a metric. Pure."""

from __future__ import annotations

from enum import StrEnum


class Rejection(StrEnum):
    """Why no row of a file can be used."""

    NO_COLUMNS = "no_columns"
    """Its header does not name the columns."""
    OTHER_KIND = "other_kind"
    """It is a workbook, an archive, JSON or the like."""
    BROKEN = "broken"
    """It cannot be read before its first row has been: a quote, gzip, an encoding."""
    WRONG_OPTIONS = "wrong_options"
    """Its metadata says in a wrong way how to read it."""
    ARCHIVED = "archived"
    """It has to be restored first."""
    NO_ROWS = "no_rows"
    NO_USABLE_ROW = "no_usable_row"
