"""Fields of the JSON log lines about windows and photos. Pure."""

from __future__ import annotations

WINDOW_LINE_FIELDS = (
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
"""What a query about windows shows; Logs Insights discovers the fields of JSON lines by itself."""

PHOTO_LINE_FIELDS = (
    "@timestamp",
    "service",
    "message",
    "photo",
    "gallery",
    "version",
    "function_request_id",
    "message_id",
    "receives",
    "ending",
    "error",
    "reason",
    "detail",
    "duration_ms",
)
"""The same about photos."""
