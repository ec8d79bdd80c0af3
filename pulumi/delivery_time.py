"""How long a record of the stream can be delivered to the windowing function. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settings import Settings

MARGIN_S = 600
"""Time in which Lambda discards a record that has become too old, and for clocks that differ."""
BEFORE_EXPIRY_S = 3_600
"""How long before the stream deletes a record Lambda discards it, while its data can be stored."""
_HOUR_S = 3_600


def longest_age_s(settings: Settings) -> int:
    """Return the highest age in seconds at which Lambda still has a record's data to store."""
    return settings.stream_retention_hours * _HOUR_S - BEFORE_EXPIRY_S


def max_record_age_s(settings: Settings) -> int:
    """Return the age in seconds at which Lambda discards a record that cannot be processed."""
    if settings.windowing_max_record_age_s is None:
        return longest_age_s(settings)
    return settings.windowing_max_record_age_s


def delivery_s(settings: Settings) -> int:
    """Return the seconds after which a record was either processed or discarded.

    Retries do not bound it: splitting and throttling use none up. The age of a record does. The
    last delivery may begin just before that age and take as long as the function may run.
    """
    last_s = settings.windowing_batching_window_s + settings.windowing_timeout_s
    return max_record_age_s(settings) + last_s + MARGIN_S
