"""Publishes metrics and evaluates alarms, which ministack does not do. Edge (CloudWatch).

Each `step` publishes what is new since the last one, and updates the state of the alarms:

- EMF lines of the functions' logs, with their time stamps; REPORT lines as metrics of Lambda;
- the depth of the queues; records and bytes put into the stream.

So the charts and alarms of a local stack have data for these metrics. What only AWS measures
(iterator age, throttles, the bus, the table's units) has none. A bridge may start late: it
continues where the last one stopped, or reads from the beginning. Two at once would count
everything twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from ops_dashboard.local.aws.bridge import alarm_store
from ops_dashboard.local.aws.bridge import position as bridge_position
from ops_dashboard.local.aws.bridge.alarm_rules import AlarmDefinition, evaluate, range_start
from ops_dashboard.local.aws.bridge.emf import Datum, emf_data, report_data
from ops_dashboard.local.aws.bridge.log_reader import LogReader
from ops_dashboard.local.aws.bridge.stream_reader import StreamReader
from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.monitoring.metric_data import read_lines
from stream_ingest.contracts.stack_outputs import StackOutputs

_MAX_DATA = 500
"""PutMetricData accepts 1,000 metrics and 1 MB a call."""
_DEPTHS = {
    "ApproximateNumberOfMessages": "ApproximateNumberOfMessagesVisible",
    "ApproximateNumberOfMessagesNotVisible": "ApproximateNumberOfMessagesNotVisible",
}
"""CloudWatch's metrics of queues, by the SQS attribute that has the value."""


class MetricsBridge:
    """Publishes one local stack's metrics and evaluates its alarms."""

    def __init__(self, clients: Clients, outputs: StackOutputs) -> None:
        """Bridge the stack that has these outputs."""
        self._clients, self._outputs = clients, outputs
        functions = (
            outputs.windowing_function,
            outputs.sweeper_function,
            outputs.collage_function,
            outputs.prefetch_function,
            outputs.intake_function,
            *([outputs.photos.function] if outputs.photos else []),
            *(
                [outputs.photos.links_function]
                if outputs.photos and outputs.photos.links_function
                else []
            ),
        )
        self._position = bridge_position.load(clients)
        logs = self._position.logs
        self._logs = {
            name: LogReader(clients, f"/aws/lambda/{name}", logs.get(name, 0)) for name in functions
        }
        self._stream = StreamReader(clients.kinesis, outputs.stream_name, self._position.shards)
        self._definitions = alarm_store.load(clients)

    def step(self, now_s: float) -> None:
        """Publish what is new, then evaluate the alarms as of `now_s` (epoch seconds)."""
        data: dict[str, list[Datum]] = defaultdict(list)
        for namespace, datum in (*self._from_logs(), *self._from_queues(now_s)):
            data[namespace].append(datum)
        data["AWS/Kinesis"] += self._stream.read()
        for namespace, each in data.items():
            self._publish(namespace, each)
        self._save_position()
        self.update_alarms(now_s)

    def update_alarms(self, now_s: float) -> None:
        """Set the state of every alarm whose state has changed."""
        cloudwatch = self._clients.untyped("cloudwatch")
        pages = cloudwatch.get_paginator("describe_alarms").paginate()
        states = {
            alarm["AlarmName"]: alarm["StateValue"]
            for page in pages
            for alarm in page["MetricAlarms"]
        }
        for definition in self._definitions:
            before = states[definition.name]
            state, reason = self._evaluate(definition, int(now_s))
            if before != state:
                cloudwatch.set_alarm_state(
                    AlarmName=definition.name, StateValue=state, StateReason=reason
                )

    def _save_position(self) -> None:
        logs = {name: reader.newest_ms for name, reader in self._logs.items()}
        position = bridge_position.Position(logs=logs, shards=self._stream.last)
        if position != self._position:
            bridge_position.save(self._clients, position)
            self._position = position

    def _evaluate(self, definition: AlarmDefinition, now_s: int) -> tuple[str, str]:
        start = datetime.fromtimestamp(range_start(definition, now_s), UTC)
        end = datetime.fromtimestamp(now_s + 1, UTC)
        cloudwatch = self._clients.untyped("cloudwatch")
        (watched,) = read_lines(cloudwatch, definition.queries, start, end)
        return evaluate(definition, watched.points, now_s)

    def _from_logs(self) -> Iterator[tuple[str, Datum]]:
        for function, reader in self._logs.items():
            for event in reader.read():
                yield from emf_data(event.message)
                yield from report_data(event.message, function, event.timestamp_ms / 1_000)

    def _from_queues(self, now_s: float) -> Iterator[tuple[str, Datum]]:
        outputs = self._outputs
        urls = [
            outputs.collage_queue_url,
            outputs.prefetch_queue_url,
            outputs.request_queue_url,
            *outputs.dead_letter_queues.values(),
        ]
        for url in urls:
            names: Any = list(_DEPTHS)
            found = self._clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
            for attribute, metric in _DEPTHS.items():
                yield (
                    "AWS/SQS",
                    {
                        "MetricName": metric,
                        "Dimensions": [{"Name": "QueueName", "Value": url.rpartition("/")[2]}],
                        "Timestamp": now_s,
                        "Values": [float(found["Attributes"][attribute])],  # type: ignore[index]  # by name
                        "Unit": "Count",
                    },
                )

    def _publish(self, namespace: str, data: list[Datum]) -> None:
        cloudwatch = self._clients.untyped("cloudwatch")
        for start in range(0, len(data), _MAX_DATA):
            part = data[start : start + _MAX_DATA]
            cloudwatch.put_metric_data(Namespace=namespace, MetricData=part)
