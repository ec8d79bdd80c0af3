from __future__ import annotations

import json
from typing import Any

import pytest

from ops_dashboard.local.aws.bridge.emf import emf_data, report_data

LINE: dict[str, Any] = {
    "_aws": {
        "Timestamp": 1_700_000_000_500,
        "CloudWatchMetrics": [
            {
                "Namespace": "Coverstream/dev",
                "Dimensions": [["service"], ["service", "Reason"]],
                "Metrics": [{"Name": "ImagesFailed", "Unit": "Count"}],
            }
        ],
    },
    "service": "collage",
    "Reason": "forbidden",
    "ImagesFailed": [2.0, 3.0],
}


def test_an_emf_line_is_a_datum_for_each_set_of_dimensions() -> None:
    first, second = emf_data(json.dumps(LINE))
    assert first == (
        "Coverstream/dev",
        {
            "MetricName": "ImagesFailed",
            "Dimensions": [{"Name": "service", "Value": "collage"}],
            "Timestamp": 1_700_000_000.5,
            "Values": [2.0, 3.0],
            "Unit": "Count",
        },
    )
    assert second[1]["Dimensions"] == [
        {"Name": "Reason", "Value": "forbidden"},
        {"Name": "service", "Value": "collage"},
    ]


def test_a_single_value_need_not_be_a_list() -> None:
    (_, datum), _ = emf_data(json.dumps(LINE | {"ImagesFailed": 7}))
    assert datum["Values"] == [7]


def test_too_many_values_are_split_into_several_datums() -> None:
    data = list(emf_data(json.dumps(LINE | {"ImagesFailed": list(range(200))})))
    assert [len(datum["Values"]) for _, datum in data] == [150, 50, 150, 50]


@pytest.mark.parametrize("line", ["", "plain", '{"level": "INFO"}', "START RequestId: 1"])
def test_any_other_line_yields_nothing(line: str) -> None:
    assert list(emf_data(line)) == []
    assert list(report_data(line, "f", 1.0)) == []


def test_a_line_that_lacks_a_dimension_raises() -> None:
    with pytest.raises(KeyError):
        list(emf_data(json.dumps({k: LINE[k] for k in LINE if k != "Reason"})))


def test_a_report_is_an_invocation_with_its_duration() -> None:
    line = "REPORT RequestId: 1-2\tDuration: 12 ms\tBilled Duration: 12 ms\tMemory Size: 128 MB"
    data = dict((d["MetricName"], d) for _, d in report_data(line, "f", 60.0))  # noqa: C402 - pairs
    assert data["Duration"]["Values"] == [12.0]
    assert data["Invocations"]["Values"] == [1.0]
    assert data["Duration"]["Dimensions"] == [{"Name": "FunctionName", "Value": "f"}]
    assert data["Duration"]["Timestamp"] == 60.0
