"""The Logs Insights query that tells a window's story: for the console, AWS's and the CLI's. Pure.

Every log line about a window has its id (`windowing.log_lines`, `collage_lambda.log_lines`). The
query uses no more of the language than the embedded AWS knows: fields, filter like, sort and limit.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from stream_ingest.aws.stack import StackOutputs
from stream_ingest.contracts.naming import split_window_id

FIELDS = (
    "@timestamp",
    "service",
    "message",
    "window_id",
    "batch_id",
    "shard",
    "sequence_number",
    "function_request_id",
    "message_id",
    "ending",
    "error",
    "reason",
)
"""Facts in Powertools' JSON lines, which Logs Insights finds by itself."""
MAX_LINES = 1_000
BEFORE = timedelta(minutes=5)
"""How long before its window closed a story begins."""


def trace_query(window_id: str | None = None, *, limit: int = MAX_LINES) -> str:
    """Return the query for one window's story, oldest line first; `DecodeError` for no window id.

    Without a window: the latest lines about any window, newest first, for a dashboard.
    """
    if window_id is None:
        condition, fields, order = '@message like /"window_id":"/', list(FIELDS), "desc"
    else:
        split_window_id(window_id)  # so it holds nothing but A-Z a-z 0-9 _ - . = : and no quote
        pattern = re.escape(f'"{window_id}"').replace(r"\-", "-")
        condition, fields, order = f"@message like /{pattern}/", [*FIELDS, "@message"], "asc"
    return (
        f"fields {', '.join(fields)}\n"
        f"| filter {condition}\n"
        f"| sort @timestamp {order}\n"
        f"| limit {limit}"
    )


def log_groups(outputs: StackOutputs) -> list[str]:
    """Return the log groups in which stories are told."""
    functions = (outputs.windowing_function, outputs.sweeper_function, outputs.collage_function)
    return [f"/aws/lambda/{name}" for name in functions]


def log_range(closed_at: datetime, now: datetime) -> tuple[datetime, datetime]:
    """Return from when to when a window's lines are looked for: replays come late, so until now."""
    return closed_at - BEFORE, now + timedelta(minutes=1)
