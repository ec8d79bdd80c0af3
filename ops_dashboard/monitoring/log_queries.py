"""Logs Insights queries of the dashboard. Pure.

They use only commands that the embedded AWS knows too: fields, filter with like, sort and limit.
"""

from __future__ import annotations

from stream_ingest.contracts.log_fields import WINDOW_LINE_FIELDS

_ERRORS = r'"level":"(ERROR|WARNING|CRITICAL)"|Task timed out|Runtime exited|Status: timeout'
"""Lambda itself reports a timeout and a crash of the runtime, in lines without a level."""


def errors_query() -> str:
    """Return the query for the latest errors and warnings of all functions."""
    return (
        "fields @timestamp, service, level, message, window_id, error, reason\n"
        f"| filter @message like /{_ERRORS}/\n"
        "| sort @timestamp desc\n"
        "| limit 50"
    )


def window_lines_query(limit: int) -> str:
    """Return the query for the latest lines about any window."""
    return (
        f"fields {', '.join(WINDOW_LINE_FIELDS)}\n"
        '| filter @message like /"window_id":"/\n'
        "| sort @timestamp desc\n"
        f"| limit {limit}"
    )
