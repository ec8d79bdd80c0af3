"""Settings of a stack's alarms. Pure."""

from __future__ import annotations

from typing import Annotated

import msgspec
from setting_groups.batches import BatchDefaults
from setting_types import Minutes, TimeoutS

from ops_dashboard.monitoring.resources import Thresholds


class AlarmSettings(BatchDefaults, frozen=True, kw_only=True, rename="camel"):
    """Alarms."""

    alarm_error_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 5
    """Alarms ``collage-errors``: above this share of windows or messages that fail, and
    ``windowing-errors``, ``sweeper-errors``, ``prefetch-errors``, ``intake-errors``: above this
    share of invocations that fail."""
    alarm_duration_s: TimeoutS = 600
    """Alarm ``collage-duration``: above this duration of a collage, or nine tenths of the
    function's timeout if that is shorter."""
    alarm_memory_percent: Annotated[int, msgspec.Meta(ge=1, le=100)] = 80
    """Memory alarms: above this share of a function's memory. The default leaves time to act; 90
    is near the limit, at which Lambda ends a function."""
    alarm_dead_letters: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 10
    """Dead-letter alarms: above this number of messages in one queue; 10 means from 11 on."""
    alarm_iterator_age_minutes: Minutes = 10
    """Alarm ``iterator-age``: if the stream is read later than this."""
    alarm_window_age_minutes: Minutes = 60
    """Alarms ``windows-stuck`` and ``photos-stuck``: if a closed window waits longer than this for
    its collage, or a photo for its end or its event."""
    alarm_idle_minutes: Annotated[int, msgspec.Meta(ge=5, le=1_440)] = 15
    """Alarm ``nothing-flows``: if nothing moves for this long, in whole periods of 5 minutes, while
    a batch is open."""
    alarm_failed_images_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 20
    """Alarm ``image-failures``: above this share of images that fail."""
    alarm_cost_usd_per_day: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 25
    """Alarm ``cost``: above this estimate for a day."""

    @property
    def thresholds(self) -> Thresholds:
        """Return the thresholds of the alarms.

        The threshold of the duration stays below the function's timeout, else it could not be
        reached.
        """
        return Thresholds(
            error_percent=self.alarm_error_percent,
            duration_s=min(self.alarm_duration_s, 9 * self.collage_timeout_s // 10),
            memory_percent=self.alarm_memory_percent,
            dead_letters=self.alarm_dead_letters,
            iterator_age_minutes=self.alarm_iterator_age_minutes,
            window_age_minutes=self.alarm_window_age_minutes,
            idle_minutes=self.alarm_idle_minutes,
            failed_images_percent=self.alarm_failed_images_percent,
            cost_usd_per_day=self.alarm_cost_usd_per_day,
        )
