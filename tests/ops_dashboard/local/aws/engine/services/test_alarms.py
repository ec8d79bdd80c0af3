"""How the engine creates an alarm; its evaluation is tested in test_metrics_bridge."""

from __future__ import annotations

from typing import Any

import pytest

from ops_dashboard.local.aws.engine.inputs import EngineError, Inputs
from ops_dashboard.local.aws.engine.services.alarms import CREATE

create = CREATE["aws:cloudwatch/metricAlarm:MetricAlarm"]
SINGLE: dict[str, Any] = {
    "name": "a",
    "namespace": "N",
    "metricName": "M",
    "dimensions": {"D": "d"},
    "statistic": "Sum",
    "period": 300,
    "evaluationPeriods": 1,
    "datapointsToAlarm": 1,
    "threshold": 5,
    "comparisonOperator": "GreaterThanThreshold",
    "treatMissingData": "notBreaching",
    "alarmDescription": "d",
}


def query(id_: str, period_s: int) -> dict[str, Any]:
    metric = {"namespace": "N", "metricName": "M", "period": period_s, "stat": "Sum"}
    return {"id": id_, "label": id_, "returnData": False, "metric": metric}


def refuse(inputs: dict[str, Any]) -> str:
    """Return why an alarm is refused before any call to AWS."""
    with pytest.raises(EngineError) as caught:
        create(None, Inputs(inputs, "alarm a"))  # type: ignore[arg-type]
    return str(caught.value)


def test_a_comparison_that_is_not_supported_is_refused() -> None:
    assert "comparisonOperator" in refuse(SINGLE | {"comparisonOperator": "LessThanThreshold"})


def test_metrics_of_different_periods_are_refused() -> None:
    several = {"metricQueries": [query("a", 300), query("b", 60)]}
    assert "metrics of one period" in refuse(SINGLE | several)
