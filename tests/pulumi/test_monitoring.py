from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stream_ingest.windowing import telemetry

if TYPE_CHECKING:
    from conftest import Recorder


@pytest.mark.parametrize("filler", ["collage", "window-rule", "sweeper"])
def test_each_dead_letter_queue_has_an_alarm_of_its_own(dev: Recorder, filler: str) -> None:
    inputs = dev.one("MetricAlarm", f"{filler}-dead-letters").inputs
    assert inputs["metricName"] == "ApproximateNumberOfMessagesVisible"
    assert inputs["dimensions"] == {"QueueName": f"coverstream-dev-{filler}-dead-letters"}
    assert (inputs["comparisonOperator"], inputs["threshold"]) == ("GreaterThanThreshold", 0)


@pytest.mark.parametrize("alarm", ["poison", "windows-given-up"])
def test_our_own_metrics_are_watched_under_the_dimension_they_are_emitted_with(
    dev: Recorder, alarm: str
) -> None:
    """An alarm on another dimension set would be silently empty (terraform #21853)."""
    inputs = dev.one("MetricAlarm", alarm).inputs
    assert inputs["namespace"] == "Coverstream"
    assert inputs["dimensions"] == {"service": telemetry.SERVICE}
    source = Path(telemetry.__file__).read_text(encoding="utf-8")
    assert f'"{inputs["metricName"]}"' in source


def test_every_alarm_tells_people_and_tells_them_when_it_is_over(dev: Recorder) -> None:
    alarms = dev.all("MetricAlarm")
    assert len(alarms) == 5
    for alarm in alarms:
        assert alarm.inputs["alarmActions"] == ["arn:Topic:monitoring"]
        assert alarm.inputs["okActions"] == ["arn:Topic:monitoring"]
        assert alarm.inputs["alarmDescription"]
