"""The alarm on files that wait for the intake. Pure."""

from __future__ import annotations

from ops_dashboard.monitoring import watched
from ops_dashboard.monitoring.alarm import Alarm
from ops_dashboard.monitoring.resources import Resources, Thresholds


def waiting_files(resources: Resources, thresholds: Thresholds) -> Alarm:
    """Return the alarm on the oldest message that the intake has not handled."""
    return Alarm(
        name="files-waiting",
        meaning="A dropped file or a request has waited for the intake for more than"
        f" {thresholds.window_age_minutes:,} minutes; see the intake's errors and throttles,"
        " and intakeMaxConcurrency.",
        lines=[watched.oldest_message_line(resources.intake_queue, "files_age")],
        above=60 * thresholds.window_age_minutes,
        unit=" minutes",
        scale=60,
    )
