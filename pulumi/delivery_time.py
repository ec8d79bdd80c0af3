"""How long a record of the stream can be delivered to the windowing function. Pure."""

from __future__ import annotations

from settings import Settings

MARGIN_S = 600
"""Time in which Lambda discards a record that has become too old, and for clocks that differ."""
_HOUR_S = 3_600


def delivery_s(settings: Settings) -> int:
    """Return the seconds after which a record was either processed or discarded.

    Retries do not bound it: splitting and throttling use none up. The age of a record does, at
    which Lambda discards it, or the stream if its retention is shorter. The last delivery may begin
    just before that age and take as long as the function may run.
    """
    age_s = min(settings.windowing_max_record_age_s, settings.stream_retention_hours * _HOUR_S)
    last_s = settings.windowing_batching_window_s + settings.windowing_timeout_s
    return age_s + last_s + MARGIN_S
