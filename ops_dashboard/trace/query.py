"""The Logs Insights query for a window's log lines. Pure.

Every log line about a window contains its id (`windowing.log_lines`, `collage_lambda.log_lines`).
The query uses only commands that the embedded AWS knows too: fields, filter with like, sort and
limit.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from stream_ingest.contracts.log_fields import WINDOW_LINE_FIELDS
from stream_ingest.contracts.naming import split_window_id

MAX_LINES = 1_000
BEFORE = timedelta(minutes=5)
"""How long before its window closed a timeline begins."""


def trace_query(window_id: str) -> str:
    """Return the query for one window's lines, oldest first.

    Raises `DecodeError` for what is not a window id.
    """
    split_window_id(window_id)  # so it contains only A-Z a-z 0-9 _ - . = and : (no quote)
    pattern = re.escape(f'"{window_id}"').replace(r"\-", "-")
    return (
        f"fields {', '.join([*WINDOW_LINE_FIELDS, '@message'])}\n"
        f"| filter @message like /{pattern}/\n"
        "| sort @timestamp asc\n"
        f"| limit {MAX_LINES}"
    )


def log_range(closed_at: datetime, now: datetime) -> tuple[datetime, datetime]:
    """Return the time range of a window's lines: until now, because a replay may come late."""
    return closed_at - BEFORE, now + timedelta(minutes=1)
