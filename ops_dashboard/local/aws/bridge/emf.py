"""Log lines of Lambda functions as metric data: EMF, and Lambda's own REPORT. Pure.

CloudWatch Logs takes EMF lines apart by itself; ministack does not (docs/facts.md#ministack).
Lambda's own metrics come from no log line on AWS; here the REPORT line stands for an invocation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

Datum = dict[str, Any]
"""A MetricDatum of PutMetricData."""

_REPORT = re.compile(r"^REPORT RequestId: \S+\s+Duration: ([\d.]+) ms")
_MOST_VALUES = 150
"""PutMetricData takes so many values in one datum."""


def emf_data(line: str) -> Iterator[tuple[str, Datum]]:
    """Yield (namespace, datum) of an EMF line; nothing of any other line.

    Of a line that says ``_aws`` but is no EMF, `KeyError` or `TypeError` tells: on AWS it would be
    lost without a word.
    """
    if '"_aws"' not in line:
        return
    document = json.loads(line)
    timestamp_s = document["_aws"]["Timestamp"] / 1_000
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = [{"Name": name, "Value": document[name]} for name in sorted(names)]
            for metric in directive["Metrics"]:
                value = document[metric["Name"]]
                values = value if isinstance(value, list) else [value]
                for start in range(0, len(values), _MOST_VALUES):
                    yield (
                        directive["Namespace"],
                        {
                            "MetricName": metric["Name"],
                            "Dimensions": dimensions,
                            "Timestamp": timestamp_s,
                            "Values": values[start : start + _MOST_VALUES],
                            "Unit": metric["Unit"],
                        },
                    )


def report_data(line: str, function: str, timestamp_s: float) -> Iterator[tuple[str, Datum]]:
    """Yield what AWS/Lambda would tell of the invocation that a REPORT line ends."""
    found = _REPORT.match(line)
    if found is None:
        return
    told = (("Duration", float(found[1]), "Milliseconds"), ("Invocations", 1.0, "Count"))
    for name, value, unit in told:
        yield (
            "AWS/Lambda",
            {
                "MetricName": name,
                "Dimensions": [{"Name": "FunctionName", "Value": function}],
                "Timestamp": timestamp_s,
                "Values": [value],
                "Unit": unit,
            },
        )
