"""Metrics of a follower. Edge (CloudWatch).

A follower is no Lambda function, so nothing reads metrics from its log: they are sent with
PutMetricData, at most once a minute. A failure to send them is logged and costs only the metrics.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from stream_ingest.contracts import metrics as catalogue
from stream_ingest.contracts.metrics import Metric, Service

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

_INTERVAL_S = 60.0
_LOG = logging.getLogger(__name__)


class Gauges:
    """Counts that are sent once a minute."""

    def __init__(
        self,
        cloudwatch: CloudWatchClient,
        stack: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Send into the stack's namespace; `clock` gives seconds."""
        self._cloudwatch, self._namespace = cloudwatch, catalogue.namespace_of(stack)
        self._clock, self._sent_at = clock, float("-inf")
        self._counts: Counter[Metric] = Counter()

    def count(self, *, reads: int = 0, failures: int = 0) -> None:
        """Add reads or failures, and send all counts if a minute has passed. It blocks."""
        self._counts[catalogue.FOLLOW_READS] += reads
        self._counts[catalogue.FOLLOW_FAILURES] += failures
        if self._clock() - self._sent_at >= _INTERVAL_S:
            self.send()

    def add_rows(self, count: int) -> None:
        """Add rows; they are sent with the next count."""
        self._counts[catalogue.FOLLOW_ROWS] += count

    def send(self) -> None:
        """Send the counts since the last call that succeeded."""
        self._sent_at = self._clock()
        dimensions = [{"Name": catalogue.SERVICE, "Value": Service.FOLLOW.value}]
        data = [
            {
                "MetricName": metric.name,
                "Dimensions": dimensions,
                "Unit": metric.unit.value,
                "Value": float(count),
            }
            for metric, count in self._counts.items()
        ]
        try:
            if data:
                self._cloudwatch.put_metric_data(Namespace=self._namespace, MetricData=data)  # type: ignore[arg-type]  # plain dicts
        except (ClientError, BotoCoreError) as error:
            _LOG.warning("metrics were not sent: %s", error)
        else:
            self._counts.clear()
