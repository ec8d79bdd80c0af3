"""Extracts metric data from log lines of Lambda functions: EMF and REPORT lines. Pure.

CloudWatch Logs extracts EMF lines; ministack does not (docs/facts.md#ministack). On AWS, Lambda's
metrics do not come from log lines; here they are derived from the REPORT line of each invocation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

Datum = dict[str, Any]
"""A MetricDatum of PutMetricData."""

_REPORT = re.compile(r"^REPORT RequestId: \S+\s+Duration: ([\d.]+) ms")
_MAX_VALUES = 150
"""The maximum number of values in one datum of PutMetricData."""


def emf_data(line: str) -> Iterator[tuple[str, Datum]]:
    """Yield (namespace, datum) of an EMF line, nothing for any other line.

    Raises `KeyError` or `TypeError` for a line with ``_aws`` that is not valid EMF, because
    CloudWatch would drop it silently.
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
                for start in range(0, len(values), _MAX_VALUES):
                    yield (
                        directive["Namespace"],
                        {
                            "MetricName": metric["Name"],
                            "Dimensions": dimensions,
                            "Timestamp": timestamp_s,
                            "Values": values[start : start + _MAX_VALUES],
                            "Unit": metric["Unit"],
                        },
                    )


def report_data(line: str, function: str, timestamp_s: float) -> Iterator[tuple[str, Datum]]:
    """Yield the AWS/Lambda metrics of the invocation that a REPORT line ends."""
    found = _REPORT.match(line)
    if found is None:
        return
    metrics = (("Duration", float(found[1]), "Milliseconds"), ("Invocations", 1.0, "Count"))
    for name, value, unit in metrics:
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
