"""Emits the metrics of the catalogue as EMF lines. Edge (stdout).

EMF fails silently (docs/facts.md#cloudwatch), so metrics are checked here: one that the catalogue
does not assign to this service raises `ValueError`. Metrics of an invocation are flushed by the
handler's decorator (`Meter.powertools.log_metrics`) or, if a timeout must not lose them, at once.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit, single_metric

from stream_ingest.aws.memory import peak_memory_mb
from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.environment import METRICS_NAMESPACE
from stream_ingest.contracts.metrics import MEMORY_PERCENT, Metric, Service


class Meter:
    """Emits the metrics of one service."""

    def __init__(self, service: Service) -> None:
        """Emit as `service`, into the namespace of the environment."""
        self.service = service
        self.namespace = os.environ.get(METRICS_NAMESPACE, catalogue.NAMESPACE)
        # By default, all meters of a process share their values and service.
        provider = EphemeralMetrics(namespace=self.namespace, service=service)
        self.powertools = Metrics(provider=provider)

    def add(self, metric: Metric, value: float) -> None:
        """Add a value; the next flush writes it."""
        self._check(metric, by_reason=False)
        self.powertools.add_metric(name=metric.name, unit=MetricUnit(metric.unit), value=value)

    def add_property(self, name: str, value: str) -> None:
        """Add a property to the line of the next flush, for Logs Insights; it is no dimension."""
        self.powertools.add_metadata(key=name, value=value)

    def add_memory(self, limit_mb: float) -> None:
        """Add the peak memory of this process and its children as a percentage of the limit."""
        self.add(MEMORY_PERCENT, round(100 * peak_memory_mb() / limit_mb, 1))

    def flush(self) -> None:
        """Write the added values in one line."""
        self.powertools.flush_metrics()

    def write_by_reason(self, metric: Metric, counts: Mapping[str, int]) -> None:
        """Write a count for each reason immediately, one line each."""
        self._check(metric, by_reason=True)
        for reason, count in counts.items():
            with single_metric(
                namespace=self.namespace,
                name=metric.name,
                unit=MetricUnit(metric.unit),
                value=count,
            ) as line:
                line.add_dimension(catalogue.SERVICE, self.service)
                line.add_dimension(catalogue.REASON, reason)

    def _check(self, metric: Metric, *, by_reason: bool) -> None:
        fits = metric.by_reason if by_reason else metric.in_total
        if self.service not in metric.services or not fits:
            kind = "by reason" if by_reason else "in total"
            msg = f"the catalogue does not assign {metric.name} {kind} to {self.service}"
            raise ValueError(msg)
